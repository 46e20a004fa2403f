"""Which captured requests say something about one step of a candidate.

A request counts when the candidate met it in this step (captures carry step and revision), after the warm-up of the
step. Errors and latency are known at once, losses when the outcomes of the day are: once the partition that brings them
is published (``label.known_after_days``). No clock is asked; ``received_at`` only says which request came first.

The champion's requests count from the first one on that the candidate met, and without those for which it stood in for
a candidate that failed: before, and there, nobody drew lots between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from driftgate import uris
from driftgate.captures import capture_days, read_captures
from driftgate.lake import lake, read_manifest
from driftgate.promotion.plan import deployment_plan
from driftgate.promotion.state import SHADOW, DeploymentState
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

STRAY_DAYS = 7  # days without a request of the step that do not end the search for older ones


@dataclass(frozen=True)
class DayEvidence:
    """The captures of one day in one step: what the candidate was asked, and what the champion was at that time."""

    candidate: "pa.Table"
    champion: "pa.Table"


@dataclass(frozen=True)
class DayOfStep:
    """What the numbers of one day rest on: equal ones have equal numbers.

    :param outcomes: manifest hash of the partition of the day; None while its outcomes are not known
    :param warm_up: how many requests of the candidate on this day do not count
    :param began: whether one counted on an earlier day
    """

    use_case: UseCase = field(compare=False)
    policy: str
    state: DeploymentState
    day: str
    lake: str
    objects: tuple[str, ...]
    outcomes: str | None
    warm_up: int
    began: bool


def required_requests(use_case: UseCase, step: str) -> int:
    """Return how many requests the candidate must have met before ``step`` can be judged."""
    planned = deployment_plan(use_case).step(step)
    return planned.min_requests if planned else use_case.promote.min_requests_per_step


def step_days(use_case: UseCase, state: DeploymentState) -> list[DayOfStep]:
    """Return the days with requests of the step, oldest first. Cheap where nothing was captured since: it is polled."""
    left, began, policy = use_case.promote.guardrails.warm_up_requests, False, use_case.hash
    days = []
    for day, objects, met in sorted(_found(state)):
        outcomes, warm_up = _outcomes(use_case, day), min(left, met)
        days.append(DayOfStep(use_case, policy, state, day, lake().uri(""), objects, outcomes, warm_up, began))
        left, began = left - warm_up, began or met > warm_up
    return days


def day_evidence(day: DayOfStep) -> DayEvidence:
    """Return the captures of a day that count."""
    found = _captures(day.state, day.day, day.lake, day.objects)
    return counted(day.state.step, found, warm_up=day.warm_up, began=day.began)


def counted(step: str, found: DayEvidence, *, warm_up: int, began: bool) -> DayEvidence:
    """Return which captures of a day of a step count, first come first, as :class:`DayOfStep` has the rest."""
    import pyarrow.compute as pc

    candidate, champion = found.candidate.slice(warm_up), found.champion
    if step == SHADOW:
        return DayEvidence(candidate, champion)
    champion = champion.filter(pc.invert(_among(champion, found.candidate)))
    if began:
        return DayEvidence(candidate, champion)
    if not candidate.num_rows:
        return DayEvidence(candidate, champion.slice(0, 0))
    first = candidate.column("received_at")[0]
    return DayEvidence(candidate, champion.filter(pc.greater(champion.column("received_at"), first)))


def _among(table: "pa.Table", others: "pa.Table") -> "pa.ChunkedArray":
    """Return which rows have a prediction of the others, too."""
    import pyarrow.compute as pc

    return pc.is_in(table.column("prediction_id"), others.column("prediction_id").combine_chunks())


def _found(state: DeploymentState) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield the days of the step, newest first, with their objects and how many requests the candidate met."""
    empty, any_found = 0, False
    for day in reversed(capture_days(state.use_case)):
        objects = tuple(lake().list(uris.captures(state.use_case, day)))
        counts = _count(state, day, lake().uri(""), objects)
        if counts.of_step:
            any_found = True
            yield day, objects, counts.of_candidate
        elif any_found or (empty := empty + 1) > STRAY_DAYS:
            return  # it was over before the step began, and so were the days before it


def _outcomes(use_case: UseCase, day: str) -> str | None:
    bringing = (date.fromisoformat(day) + timedelta(days=use_case.label.known_after_days - 1)).isoformat()
    own, last = (uris.partition("validated", use_case.datasets[0], key) for key in (day, bringing))
    if not all(lake().exists(f"{folder}/manifest.json") for folder in (own, last)):
        return None
    return read_manifest(lake(), own).hash


class _Counts(NamedTuple):
    of_step: int
    of_candidate: int


@lru_cache(maxsize=64)
def _count(state: DeploymentState, day: str, where: str, objects: tuple[str, ...]) -> _Counts:
    found = _captures(state, day, where, objects)
    return _Counts(found.candidate.num_rows + found.champion.num_rows, found.candidate.num_rows)


@lru_cache(maxsize=2)
def _captures(state: DeploymentState, day: str, _lake: str, _objects: tuple[str, ...]) -> DayEvidence:
    """Return the captures of the step on one day, first come first; read once for each set of objects."""
    import pyarrow.compute as pc

    captures = read_captures(state.use_case, day)
    in_step = captures.filter(
        pc.and_(
            pc.equal(captures.column("step"), state.step),
            pc.greater_equal(captures.column("deployment_revision"), state.revision),
        )
    )
    by_champion = pc.equal(in_step.column("variant_role"), "champion")
    by_candidate = pc.and_(pc.equal(in_step.column("model_version"), state.candidate), pc.invert(by_champion))
    return DayEvidence(in_step.filter(by_candidate), in_step.filter(by_champion))
