"""Which captured requests say something about one step of a candidate.

A request counts when the candidate met it in this step (captures carry step and revision) and its day's outcomes are
known, so that errors, latency, agreement and loss are measured on the same requests. The outcomes of a day are known
once the partition that brings them is published (``label.known_after_days``), so no clock is asked.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from driftgate import uris
from driftgate.captures import capture_days, read_captures
from driftgate.lake import lake
from driftgate.promotion.state import SHADOW, DeploymentState
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DayEvidence:
    """The captures of one day in one step: what the candidate was asked, and what the champion answered."""

    day: str
    candidate: "pa.Table"
    champion: "pa.Table"


def required_requests(use_case: UseCase, step: str) -> int:
    """Return how many requests the candidate must have met before ``step`` can be judged."""
    return use_case.promote.shadow.requests if step == SHADOW else use_case.promote.min_requests_per_step


def requests_seen(use_case: UseCase, state: DeploymentState) -> int:
    """Return how many requests with known outcomes the candidate has met in ``state``. Cheap: it is polled."""
    return sum(_counts(state, day).of_candidate for day in _days(use_case, state))


def step_evidence(use_case: UseCase, state: DeploymentState) -> list[DayEvidence]:
    """Return the evidence of each day that counts, oldest day first."""
    return [_day_evidence(state, day) for day in _days(use_case, state)]


def _days(use_case: UseCase, state: DeploymentState) -> list[str]:
    """Return the days with known outcomes since the step began, oldest first."""
    days: list[str] = []
    for day in reversed(capture_days(use_case.name)):
        if not _outcomes_are_known(use_case, day):
            continue
        if not _counts(state, day).of_step:
            break  # it was over before the step began, and so were the days before it
        days.append(day)
    return days[::-1]


def _outcomes_are_known(use_case: UseCase, day: str) -> bool:
    bringing = (date.fromisoformat(day) + timedelta(days=use_case.label.known_after_days - 1)).isoformat()
    folders = {uris.partition("validated", use_case.datasets[0], key) for key in (day, bringing)}
    return all(lake().exists(f"{folder}/manifest.json") for folder in folders)


def _counts(state: DeploymentState, day: str) -> "_Counts":
    """Return how many requests of the day fell into the step; read again only when the lake has more of them."""
    return _count(state, day, lake().uri(""), tuple(lake().list(uris.captures(state.use_case, day))))


class _Counts(NamedTuple):
    of_step: int
    of_candidate: int


@lru_cache(maxsize=64)
def _count(state: DeploymentState, day: str, _lake: str, _objects: tuple[str, ...]) -> _Counts:
    found = _day_evidence(state, day)
    return _Counts(found.candidate.num_rows + found.champion.num_rows, found.candidate.num_rows)


def _day_evidence(state: DeploymentState, day: str) -> DayEvidence:
    import pyarrow.compute as pc

    captures = read_captures(state.use_case, day)
    in_step = captures.filter(
        pc.and_(
            pc.equal(captures.column("step"), state.step),
            pc.greater_equal(captures.column("deployment_revision"), state.revision),
        )
    )
    by_candidate = pc.and_(
        pc.equal(in_step.column("model_version"), state.candidate),
        pc.not_equal(in_step.column("variant_role"), "champion"),
    )
    by_champion = pc.equal(in_step.column("variant_role"), "champion")
    return DayEvidence(day, in_step.filter(by_candidate), in_step.filter(by_champion))
