"""The service monitor: whether the champion answered, how often the rule stood in for it, and how long it took.

Both limits are of shares, so few requests prove nothing: an alarm needs the lower bound of the share of failed answers,
or of those slower than the limit of the 95th percentile, to exceed what is allowed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.monitoring.answers import ANSWERING
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.own_history import Usual, share_interval, usual, values_before
from driftgate.monitoring.night import Night
from driftgate.severity import Severity
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

SLOW_SHARE = 0.05  # of the answers may take longer than the limit of the 95th percentile
MOST = 0.5  # of the answers failing is an outage
PERCENTILES, P95 = (50, 95, 99), "latency_p95_ms"
FALLBACK = "fallback"


@dataclass(frozen=True)
class Answered:
    """The counts of one night, and the milliseconds of every answer that came."""

    requests: int
    answers: int
    failed: int
    fallback: int
    unanswered: int
    latencies: "np.typing.NDArray[np.float64]"

    def percentile(self, which: int) -> float | None:
        """Return a percentile of the latencies, None when nothing answered."""
        return float(np.percentile(self.latencies, which)) if len(self.latencies) else None


def judge_service(night: Night) -> Evidence:
    """Judge errors and latency of one night.

    :raises CannotJudge: there were too few answers
    """
    wanted, found = night.use_case.monitor.service.min_answers, counted(night.captures_of(night.key))
    if found.answers < wanted:
        raise CannotJudge(f"{found.answers} answers on {night.key} are fewer than the {wanted} that service needs.")
    before, limit = usual(values_before(night, "service", P95)), max_latency_p95_ms(night.use_case)
    shares = _shares(night.use_case, found)
    decided = next((share for share in shares if _over(share)), shares[0])
    severity = _severity(decided)
    if severity is None and _slower_than_usual(found, before, limit):
        severity = "minor"
    return night.found(
        "service",
        decided,
        _sentence(night, found, before if severity == "minor" else None),
        drifts=severity is not None,
        severity=severity,
        sample_size=found.answers,
        statistics=[*shares, *_informing(found, before, limit)],
    )


def max_error_rate(use_case: UseCase) -> float:
    """Return the share of answers that may fail: what a candidate may, where nothing else is said."""
    own = use_case.monitor.service.max_error_rate
    return use_case.promote.guardrails.max_error_rate if own is None else own


def max_latency_p95_ms(use_case: UseCase) -> float:
    """Return what 95 % of the answers may take: what a candidate's may, where nothing else is said."""
    return use_case.monitor.service.max_latency_p95_ms or use_case.promote.guardrails.max_latency_p95_ms


def counted(captures: "pa.Table") -> Answered:
    """Return the counts of a day's captures; shadows, whose answers nobody got, are left out."""
    roles = np.array(captures.column("variant_role").to_pylist(), dtype=object)
    ids = np.array(captures.column("prediction_id").to_pylist(), dtype=object)
    scored = captures.column("score").is_valid().to_numpy()
    latencies = captures.column("latency_ms").to_numpy().astype(float)
    own, rule = np.isin(roles, ANSWERING), roles == FALLBACK
    asked, came = set(ids[own | rule]), set(ids[(own | rule) & scored])
    return Answered(
        requests=len(asked),
        answers=max(int(own.sum()), len(asked)),  # a rule that stood in where no champion was loaded counts as failed
        failed=max(int(own.sum()), len(asked)) - int((own & scored).sum()),
        fallback=int((rule & scored).sum()),
        unanswered=len(asked - came),
        latencies=latencies[own & scored & np.isfinite(latencies)],
    )


def _shares(use_case: UseCase, found: Answered) -> list[Statistic]:
    """Return the share of answers that failed, and of the others those that took too long."""
    slow = int((found.latencies > max_latency_p95_ms(use_case)).sum())
    counts = [("error_rate", found.failed, found.answers, max_error_rate(use_case))]
    counts += [("slow_share", slow, len(found.latencies), SLOW_SHARE)] if len(found.latencies) else []
    return [
        Statistic(name=name, value=count / rows, interval=share_interval(count, rows), threshold=allowed)
        for name, count, rows, allowed in counts
    ]


def _over(share: Statistic) -> bool:
    return share.interval is not None and share.threshold is not None and share.interval[0] > share.threshold


def _severity(decided: Statistic) -> Severity | None:
    if not _over(decided):
        return None
    return "critical" if decided.name == "error_rate" and decided.value > MOST else "major"


def _slower_than_usual(found: Answered, before: Usual | None, limit: float) -> bool:
    """Return whether latency rose above its own history, and at least half way to its limit."""
    p95 = found.percentile(95)
    return p95 is not None and before is not None and p95 > max(before.highest, limit / 2)


def _informing(found: Answered, before: Usual | None, limit: float) -> list[Statistic]:
    told = [Statistic(name="fallback_share", value=found.fallback / found.requests)]
    told += [Statistic(name="unanswered_share", value=found.unanswered / found.requests)]
    for which in PERCENTILES:
        if (value := found.percentile(which)) is not None:
            told.append(Statistic(name=f"latency_p{which}_ms", value=value))
    return [
        one.model_copy(update={"threshold": limit, "reference": before.mean if before else None})
        if one.name == P95
        else one
        for one in told
    ]


def _sentence(night: Night, found: Answered, before: Usual | None) -> str:
    told = (
        f"{found.failed} of {found.answers} answers on {night.key} failed, and {max_error_rate(night.use_case):.2%} "
        f"are allowed; the rule stood in for {found.fallback}, and {found.unanswered} requests got no answer."
    )
    p95 = found.percentile(95)
    if p95 is not None:
        limit = max_latency_p95_ms(night.use_case)
        told += f" 95 % of the others took at most {p95:.3g} ms, and {limit:g} ms are allowed."
    return told + (f" On the nights before it was {before.mean:.3g} ms." if before else "")
