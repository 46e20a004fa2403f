"""From a use case to its plan: which steps a candidate goes through, and whether it may become champion at the end."""

from datetime import datetime, timedelta

from driftgate.errors import PromotionRefused
from driftgate.metadata import metadata
from driftgate.promotion.state import KIND, SHADOW, DeploymentState, canary_step, deployment
from driftgate.promotion_policy import Step
from driftgate.records import Record
from driftgate.use_cases import UseCase

ALL = 100


class PlannedStep(Record):
    """One step, what must have happened before it can be passed, and the share that the candidate answers in it."""

    name: str
    percent: int
    min_requests: int
    bake_minutes: float = 0


class DeploymentPlan(Record):
    """The steps of a strategy in their order. Without ``switches`` nothing follows the last of them."""

    strategy: str
    steps: tuple[PlannedStep, ...]
    switches: bool = True

    def step(self, name: str) -> PlannedStep | None:
        """Return the step called ``name``; None if the plan has none."""
        return next((step for step in self.steps if step.name == name), None)


def deployment_plan(use_case: UseCase) -> DeploymentPlan:
    """Return the plan of a use case: the same policy gives the same plan."""
    promote = use_case.promote
    shadow = PlannedStep(name=SHADOW, percent=0, min_requests=promote.shadow.requests)
    if promote.strategy == "all_at_once":
        return DeploymentPlan(strategy=promote.strategy, steps=())
    if promote.strategy == "shadow_only":
        return DeploymentPlan(strategy=promote.strategy, steps=(shadow,), switches=False)
    if promote.strategy == "blue_green":  # the champion stays loaded beside it, so that turning back costs nothing
        return DeploymentPlan(strategy=promote.strategy, steps=(shadow, _planned(use_case, Step(percent=ALL))))
    steps = promote.steps or tuple(Step(percent=percent) for percent in promote.steps_percent)
    shares = (_planned(use_case, step) for step in steps if step.percent < ALL)
    return DeploymentPlan(strategy=promote.strategy, steps=(shadow, *shares))


def baked_at(use_case: UseCase, state: DeploymentState) -> datetime:
    """Return the moment before which the step of ``state`` cannot end, counted from when it was recorded."""
    step = deployment_plan(use_case).step(state.step)
    began = next(
        entry.written_at for entry in metadata().history(KIND, use_case.name) if entry.revision == state.revision
    )
    return began + timedelta(minutes=step.bake_minutes if step else use_case.promote.bake_minutes)


def step_bakes_until(use_case: UseCase) -> float:
    """Return, as unix time, when the step that the use case is in may end; 0 when nothing is under way."""
    state = deployment(use_case.name)
    return baked_at(use_case, state).timestamp() if state and state.candidate else 0.0


def require_baked(use_case: UseCase, state: DeploymentState, now: datetime) -> None:
    """Return when the step of ``state`` has lasted as long as its plan says.

    A clock that was put back makes the step longer, one that was put forward shortens it by as much: the requests that
    the step needs are counted, not timed.

    :raises PromotionRefused: it has not
    """
    until = baked_at(use_case, state)
    if now < until:
        raise PromotionRefused(
            f"Version {state.candidate} of {use_case.name} bakes in {state.step} until {until:%Y-%m-%d %H:%M:%S} UTC, "
            f"and the clock says {now:%Y-%m-%d %H:%M:%S}; move it on after that."
        )


def _planned(use_case: UseCase, step: Step) -> PlannedStep:
    promote = use_case.promote
    return PlannedStep(
        name=canary_step(step.percent),
        percent=step.percent,
        min_requests=step.min_requests or promote.min_requests_per_step,
        bake_minutes=promote.bake_minutes if step.bake_minutes is None else step.bake_minutes,
    )
