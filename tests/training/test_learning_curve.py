"""Learning curves: jobs that the same question finds again, the knee, the projection, and the verdict in words."""

import pytest

from driftgate.errors import ConfigError
from driftgate.training.learning_curve import Point, _projection, _sentence, curve_specs, knee, share_spec
from driftgate.use_cases import load_use_case

VERSION = "flight_delays/2013-03-31-3f9c2a1"


def point(share: float, value: float, usd: float | None = None, **more: object) -> Point:
    return Point.model_validate(
        {
            "share": share,
            "job_id": "job-1",
            "rows": round(4000 * share),
            "value": value,
            "seconds": 10 + 40 * share,
            "peak_memory_mib": 200 + 100 * share,
            "usd": usd,
            **more,
        }
    )


def test_the_same_question_has_the_same_jobs_and_another_question_others() -> None:
    use_case = load_use_case("flight_delays")
    specs = curve_specs(use_case, VERSION, [1.0, 0.5, 0.125])
    assert [spec.row_share for spec in specs] == [0.125, 0.5, 1.0]
    assert [spec.job_id for spec in specs] == [spec.job_id for spec in curve_specs(use_case, VERSION, [0.125, 0.5, 1])]
    assert specs[0].job_id.startswith("train-flight_delays-12_5-percent-")
    others = {share_spec(use_case, VERSION + "0", 0.5).job_id, share_spec(use_case, VERSION, 0.5, "local_large").job_id}
    assert len({specs[1].job_id, *others}) == 3


@pytest.mark.parametrize("shares", [[], [0.5], [0.5, 0.5], [0.0, 1.0], [0.5, 1.5]])
def test_shares_that_make_no_curve_are_refused(shares: list[float]) -> None:
    with pytest.raises(ConfigError, match="A learning curve needs two shares or more above 0 and at most 1"):
        curve_specs(load_use_case("flight_delays"), VERSION, shares)


@pytest.mark.parametrize(
    ("metric", "values", "found"),
    [
        ("auc", [0.60, 0.70, 0.71, 0.715], 0.5),
        ("auc", [0.60, 0.61, 0.65, 0.72], None),  # it has not bent yet
        ("auc", [0.70, 0.70, 0.69, 0.68], None),
        ("rmse", [30, 22, 21, 20.5], 0.5),
    ],
)
def test_the_knee_is_where_the_curve_bends(metric, values: list[float], found: float | None) -> None:
    shares = [0.25, 0.5, 0.75, 1.0]
    assert knee(metric, [point(share, value) for share, value in zip(shares, values, strict=True)]) == found


def test_dollars_are_the_resource_where_all_have_a_price() -> None:
    costs = [(0.25, 0.60, 1.0), (0.5, 0.66, 9.0), (0.75, 0.68, 9.5), (1.0, 0.70, 10.0)]
    assert knee("auc", [point(share, value, usd) for share, value, usd in costs]) is None
    assert knee("auc", [point(share, value) for share, value, _ in costs]) == 0.5


def test_a_knee_needs_three_points() -> None:
    assert knee("auc", [point(0.5, 0.6), point(1.0, 0.7)]) is None


def test_all_rows_are_projected_from_the_smaller_shares() -> None:
    projection = _projection([point(0.25, 0.6, 1.0), point(0.5, 0.7, 2.0)])
    assert projection is not None
    assert projection.rows == 4000
    assert projection.seconds == pytest.approx(50)
    assert projection.peak_memory_mib == pytest.approx(300)
    assert projection.usd == pytest.approx(4.0)
    unpriced = _projection([point(0.25, 0.6), point(0.5, 0.7), point(1.0, 0.7)])
    assert unpriced is not None and unpriced.usd is None
    assert _projection([point(0.5, 0.6), point(1.0, 0.7)]) is None


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((0.001, 0.004), "From 75% to 100% of the rows AUC gains +0.0025 (+0.0010 to +0.0040): more data helps."),
        ((-0.001, 0.004), "(-0.0010 to +0.0040): the interval holds zero or less, so more data is not seen to help."),
        (None, "AUC gains +0.0025; the validation rows are of too few days to say whether by chance."),
    ],
)
def test_the_sentence_holds_the_gain_against_its_interval(interval: tuple[float, float] | None, said: str) -> None:
    last = point(1.0, 0.7025, gain=0.0025, gain_interval=interval)
    assert said in _sentence(load_use_case("flight_delays"), [point(0.75, 0.7), last])
