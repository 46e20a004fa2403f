"""Labels that were turned over and segments that lost their meaning are found; honest data pass."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftgate.evaluation import evaluate
from driftgate.evaluation.report import own_report
from driftgate.evaluation.training_data import FEWEST_SURE, calm_days, flipped_share
from driftgate.gate_policy import TrainingDataGate
from driftgate.validation_policy import Segment, Validation

VERSION = "flight_delays/2013-03-30-3f9c2a1"
DAYS = np.datetime64("2013-03-01") + np.arange(20_000) % 10
SEGMENTS = Validation(
    segments={name: Segment(column="origin", values=(name,), min_rows=100) for name in ("EWR", "JFK", "LGA")}
)


@pytest.fixture(scope="module")
def calibrated() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels that come true as often as they say."""
    random = np.random.default_rng(5)
    scores = random.beta(0.6, 2.0, 20_000)
    return scores, random.uniform(size=20_000) < scores


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_the_share_of_labels_that_were_turned_over_is_found(calibrated, share: float) -> None:
    scores, labels = calibrated
    turned = labels ^ (np.random.default_rng(6).uniform(size=len(labels)) < share)
    found, (low, high) = flipped_share(turned, scores, DAYS, 0.99)
    assert low < share < high
    assert found == pytest.approx(share, abs=0.01)


def test_of_few_sure_rows_or_few_days_nothing_is_said(calibrated) -> None:
    scores, labels = calibrated
    assert flipped_share(labels, np.full(len(labels), 0.4), DAYS, 0.9) is None
    few = np.flatnonzero(scores < 0.1)[: FEWEST_SURE - 1]
    assert flipped_share(labels[few], scores[few], DAYS[few], 0.9) is None
    assert flipped_share(labels, scores, DAYS[:1].repeat(len(labels)), 0.9) is None


def test_a_storm_on_some_days_is_not_taken_for_labels_turned_over_and_five_in_a_hundred_are_found(calibrated) -> None:
    scores, labels = calibrated
    random = np.random.default_rng(9).uniform(size=len(labels))
    storm = labels | ((np.arange(20_000) % 10 < 4) & (random < 0.3))
    turned = labels ^ (random < 0.05)

    def upper(changed: np.ndarray) -> float:
        calm = calm_days(changed, scores, DAYS)
        assert len(np.unique(DAYS[calm])) == 5
        return flipped_share(changed[calm], scores[calm], DAYS[calm], 0.9)[1][1]

    assert flipped_share(storm, scores, DAYS, 0.9)[0] > 0.08
    assert upper(storm) < 0.01 < 0.03 < upper(turned)


def test_a_segment_is_not_blamed_for_what_all_rows_lost(use_case, folder, rows, job, artefacts, champion) -> None:
    own = evaluate(use_case.model_copy(update={"validation": SEGMENTS}), VERSION, folder, job, None)
    model = champion({**artefacts(), "evaluation.json": own.canonical()})
    random = np.random.default_rng(2)
    spoilt(folder, rows, lambda labels: labels ^ (random.uniform(size=len(labels)) < 0.3))
    gate = judged(use_case, folder, job, model, max_segment_drop=0.05)["segment_regression"]
    assert (gate.verdict, "beyond them, at most the 0.05" in gate.sentence) == ("pass", True)


def judged(use_case, folder, job, model, **limits):
    gates = use_case.gates.model_copy(update={"training_data": TrainingDataGate(**limits)})
    return {
        gate.gate: gate
        for gate in evaluate(
            use_case.model_copy(update={"gates": gates, "validation": SEGMENTS}), VERSION, folder, job, model
        ).gates
    }


def spoilt(folder, rows: pa.Table, change) -> None:
    """Write the rows with other labels in their validation split."""
    labels = rows.column("label").to_numpy(zero_copy_only=False)
    inside = pc.equal(rows.column("split"), "validation").to_numpy(zero_copy_only=False)
    place = rows.column_names.index("label")
    pq.write_table(
        rows.set_column(place, "label", pa.array(np.where(inside, change(labels), labels))), folder / "rows.parquet"
    )


def test_labels_turned_over_in_a_dataset_version_fail_the_candidate(
    use_case, folder, rows, job, artefacts, champion
) -> None:
    model = champion(artefacts(rounds=40))
    honest = judged(use_case, folder, job, model, max_flipped=0.1)["label_flips"]
    assert (honest.verdict, honest.value < honest.interval[1] <= 0.1) == ("pass", True)
    assert "Labels contradict champion 1 where it is sure" in honest.sentence
    random = np.random.default_rng(8)
    spoilt(folder, rows, lambda labels: labels ^ (random.uniform(size=len(labels)) < 0.15))
    turned = judged(use_case, folder, job, model, max_flipped=0.1)["label_flips"]
    assert (turned.verdict, turned.interval[0] > honest.interval[1]) == ("fail", True)
    assert judged(use_case, folder, job, None, max_flipped=0.1)["label_flips"].sentence.startswith(
        "Labels contradict the candidate"
    )


def test_a_segment_whose_labels_lost_their_meaning_fails_against_the_champions_own_report(
    use_case, folder, rows, job, artefacts, champion
) -> None:
    whole = use_case.model_copy(update={"validation": SEGMENTS})
    own = evaluate(whole, VERSION, folder, job, None)
    model = champion({**artefacts(), "evaluation.json": own.canonical()})
    assert own_report(model) == own
    gate = judged(use_case, folder, job, model, max_segment_drop=0.15)["segment_regression"]
    assert (gate.verdict, gate.value) == ("pass", 0.0)
    at_jfk = pc.equal(rows.column("origin"), "JFK").to_numpy(zero_copy_only=False)
    spoilt(folder, rows, lambda labels: np.where(at_jfk, np.random.default_rng(2).permutation(labels), labels))
    gate = judged(use_case, folder, job, model, max_segment_drop=0.15)["segment_regression"]
    assert (gate.verdict, "'JFK' lost most" in gate.sentence) == ("fail", True)


def test_without_a_champion_or_its_report_no_segment_is_compared(use_case, folder, job, artefacts, champion) -> None:
    first = judged(use_case, folder, job, None, max_segment_drop=0.1)["segment_regression"]
    assert (first.verdict, first.value) == ("pass", None)
    model = champion(artefacts(rounds=5))
    assert own_report(model) is None
    unknown = judged(use_case, folder, job, model, max_segment_drop=0.1)["segment_regression"]
    assert (unknown.verdict, unknown.value) == ("insufficient_data", None)
    assert "label_flips" not in judged(use_case, folder, job, model, max_segment_drop=0.1)
