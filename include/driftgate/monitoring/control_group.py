"""What a model is worth, measured: those whom it answered against those whom the control did, in the same time.

Who is whose is drawn by a hash of the request key, so what the two arms differ by is the model's doing, also where an
answer changes what happens. The interval is Neyman's (1923) of a randomised comparison: the variances of both means
added. It holds for the requests that were answered, whichever of them share a day or its weather.
"""

from collections.abc import Iterator
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

from driftgate import uris
from driftgate.evaluation.costs import row_costs_usd
from driftgate.evaluation.metrics import Floats, label_values
from driftgate.lake import lake
from driftgate.monitoring.ground_truth import read_joined, with_outcome
from driftgate.partition_keys import keys_before
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

DAYS = 28  # four weeks: the control's part of one is small
FEWEST = 200  # rows with an outcome, of either arm: errors that cost most are rare
CONFIDENCE = 0.95
OF_A_SHIFT = 0.99  # a finding, which nobody asked for
ITS_CALLERS = ("champion", "fallback")  # where the champion fails, its rule is what its caller got
Interval = tuple[float, float]


class MeasuredValue(Record):
    """What one model saved against its control, from ``since`` to ``until``; None below :data:`FEWEST` rows.

    :param rows: the model's, with an outcome, while there was a control
    :param saved_usd_per_1000: answers, at the prices of errors; its interval at :data:`CONFIDENCE`
    :param outcome_shift: the mean outcome of the model's callers less that of the control's; at :data:`OF_A_SHIFT`
    """

    version: str
    since: str
    until: str
    rows: int
    control_rows: int
    saved_usd_per_1000: float | None = None
    saved_interval: Interval | None = None
    outcome_shift: float | None = None
    outcome_interval: Interval | None = None
    verdict: Literal["saves", "costs", "undecided", "insufficient"] = "insufficient"

    @property
    def sentence(self) -> str:
        """What was measured, for a person."""
        rows = f"{self.rows:,} rows of version {self.version} and {self.control_rows:,} of the control"
        if self.saved_usd_per_1000 is None or self.saved_interval is None:
            return f"Measured from {self.since}: {rows} have an outcome, and {FEWEST} of each are needed."
        low, high = self.saved_interval
        return (
            f"Measured from {self.since} on {rows}: {self.saved_usd_per_1000:,.0f} USD saved per 1,000 answers "
            f"({CONFIDENCE:.0%}: {low:,.0f} to {high:,.0f})."
        )

    @property
    def changes_outcomes(self) -> bool:
        """Whether what happened to the model's callers is surely not what happened to the control's."""
        return self.outcome_interval is not None and not self.outcome_interval[0] <= 0 <= self.outcome_interval[1]


def measured_value(use_case: UseCase, last_day: str) -> tuple[MeasuredValue, ...]:
    """Return what each model that had a control saved in the four weeks up to ``last_day``, by version."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days = keys_before(last_day, DAYS)
    joined = [rows for day in days if (rows := _answered(use_case, day)) is not None]
    if not joined:
        return ()
    found = pa.concat_tables(joined)
    controls = found.filter(pc.equal(found.column("variant_role"), "control"))
    revisions = pc.unique(controls.column("deployment_revision"))
    beside = found.filter(
        pc.and_(
            pc.is_in(found.column("variant_role"), pa.array(ITS_CALLERS)),
            pc.is_in(found.column("deployment_revision"), revisions),
        )
    )
    return tuple(
        _compared(use_case, version, (days[0], last_day), _of(beside, version), _of(controls, version))
        for version in sorted(pc.unique(controls.column("model_version")).to_pylist())
    )


def control_findings(use_case: UseCase, measured: tuple[MeasuredValue, ...]) -> Iterator[str]:
    """Yield what a person should know of the comparison, a sentence each."""
    if use_case.promote.control_share and not measured:
        yield "No answer of a control has an outcome, though 'promote.control_share' asks for one; promote a model."
    for one in measured:
        if one.verdict == "costs":
            yield f"Version {one.version} costs its callers more than the control does, as measured on both."
        if one.changes_outcomes:
            yield (
                f"Answers of version {one.version} change what happens (mean outcome {one.outcome_shift:+.3g} against "
                "the control), so 'value', which takes outcomes as given, is not causal; go by what was measured."
            )


def difference(one: Floats, other: Floats, confidence: float) -> tuple[float, Interval]:
    """Return how far the mean of ``one`` lies above that of ``other``, with Neyman's interval."""
    away = float(one.mean() - other.mean())
    error = float(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)) ** 0.5
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return away, (away - reach, away + reach)


def _answered(use_case: UseCase, day: str) -> "pa.Table | None":
    if not lake().exists(f"{uris.joined(use_case.name, day)}/manifest.json"):
        return None
    return with_outcome(read_joined(use_case.name, day))


def _of(table: "pa.Table", version: str) -> "pa.Table":
    import pyarrow.compute as pc

    return table.filter(pc.equal(table.column("model_version"), version))


def _compared(
    use_case: UseCase, version: str, period: tuple[str, str], model: "pa.Table", control: "pa.Table"
) -> MeasuredValue:
    since, until = period
    counted = MeasuredValue(
        version=version, since=since, until=until, rows=model.num_rows, control_rows=control.num_rows
    )
    if min(counted.rows, counted.control_rows) < FEWEST:
        return counted
    (paid, happened), (control_paid, control_happened) = (_paid(use_case, side) for side in (model, control))
    saved, interval = difference(1000 * control_paid, 1000 * paid, CONFIDENCE)
    shift, of_shift = difference(happened, control_happened, OF_A_SHIFT)
    return counted.model_copy(
        update={
            "saved_usd_per_1000": saved,
            "saved_interval": interval,
            "outcome_shift": shift,
            "outcome_interval": of_shift,
            "verdict": "saves" if interval[0] > 0 else "costs" if interval[1] < 0 else "undecided",
        }
    )


def _paid(use_case: UseCase, side: "pa.Table") -> tuple[Floats, Floats]:
    """Return what each answer's error costs, and what happened."""
    labels = label_values(use_case.problem, side.column("label"))
    scores = side.column("score").to_numpy().astype(float)
    return row_costs_usd(labels, scores, use_case.metric.costs_usd), labels.astype(float)
