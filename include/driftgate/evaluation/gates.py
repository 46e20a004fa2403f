"""What a candidate must pass before it may see traffic. A gate that cannot be applied is a gate that failed."""

from collections.abc import Mapping
from dataclasses import dataclass

from driftgate.evaluation.day_blocks import Interval, auc_gain_interval
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import Floats, auc
from driftgate.evaluation.report import GateResult
from driftgate.use_cases import UseCase

FEWEST_DAYS = 3  # with fewer blocks the bootstrap's interval has no meaning


@dataclass(frozen=True)
class ChampionAnswers:
    """The champion's scores of the validation rows, or why it could not score them."""

    version: str
    scores: Floats | None
    problem: str = ""


def uplift_gate(use_case: UseCase, held: Holdout, candidate: Floats, baselines: Mapping[str, Floats]) -> GateResult:
    """Compare the candidate with the best baseline; without any, with the AUC of a coin."""
    found = auc(held.labels, candidate)
    aucs = {name: auc(held.labels, scores) for name, scores in baselines.items()}
    best = max(aucs, key=lambda name: aucs[name], default=None)
    reference = aucs[best] if best else 0.5
    needed = use_case.train.min_uplift
    passed = found - reference >= needed
    return GateResult(
        gate="uplift",
        value=rounded(found - reference),
        interval=_gain(use_case, held, candidate, baselines[best]) if best else None,
        threshold=needed,
        verdict="pass" if passed else "fail",
        sentence=(
            f"AUC {found:.4f} is {found - reference:+.4f} against {best or 'chance'} ({reference:.4f}), "
            f"{'at least' if passed else 'less than'} the {needed:.4f} that is asked for."
        ),
    )


def champion_gate(use_case: UseCase, held: Holdout, candidate: Floats, champion: ChampionAnswers | None) -> GateResult:
    """Compare with the champion on the same rows: the lower bound of the difference must exceed ``-margin``."""
    threshold = 0.0 - use_case.gates.champion.margin
    if champion is None:
        return _without_interval("pass", "There is no champion yet, so there is none to be worse than.", threshold)
    if champion.scores is None:
        return _without_interval(
            "fail", f"Champion {champion.version} cannot score these rows: {champion.problem}", threshold
        )
    interval = _gain(use_case, held, candidate, champion.scores)
    if interval is None:
        sentence = f"The validation rows are of fewer than {FEWEST_DAYS} days, too few to compare with a champion."
        return _without_interval("fail", sentence, threshold)
    difference = auc(held.labels, candidate) - auc(held.labels, champion.scores)
    passed = interval[0] > threshold
    return GateResult(
        gate="champion",
        value=rounded(difference),
        interval=interval,
        threshold=threshold,
        verdict="pass" if passed else "fail",
        sentence=(
            f"AUC is {difference:+.4f} ({interval[0]:+.4f} to {interval[1]:+.4f}) against champion {champion.version} "
            f"on the same {len(held.labels):,} rows; the lower bound {'exceeds' if passed else 'does not exceed'} "
            f"{threshold:+.4f}."
        ),
    )


def rounded(value: float) -> float:
    """Return ``value`` to six digits: what differs below comes from the order of additions, not from the model."""
    return round(value, 6)


def _gain(use_case: UseCase, held: Holdout, candidate: Floats, other: Floats) -> Interval | None:
    days, others = held.by_day(candidate), held.by_day(other)
    if len(days) < FEWEST_DAYS:
        return None
    low, high = auc_gain_interval(days, others, use_case.gates.champion.confidence)
    return rounded(low), rounded(high)


def _without_interval(verdict: str, sentence: str, threshold: float) -> GateResult:
    return GateResult(
        gate="champion", value=None, interval=None, threshold=threshold, verdict=verdict, sentence=sentence
    )
