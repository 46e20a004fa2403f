"""What a move of traffic must fulfil, whatever asks for it: the sentences of those that are refused."""

from driftgate.errors import PromotionRefused, nearest
from driftgate.evaluation.bias_cases import require_no_blocking_case
from driftgate.evaluation.receipts import require_receipts
from driftgate.promotion.control import require_control
from driftgate.promotion.judgement import has_passed
from driftgate.promotion.model_states import require_approved
from driftgate.promotion.plan import ALL, deployment_plan, require_baked
from driftgate.promotion.skew import skew_gates
from driftgate.promotion.state import DeploymentState, canary_step, deployment, share_of
from driftgate.registry import find_model, list_models
from driftgate.use_cases import UseCase
from driftgate.wall_clock import utc_now


def require_free(use_case: UseCase, state: DeploymentState, version: str) -> None:
    if state.candidate:
        raise PromotionRefused(
            f"Version {state.candidate} of {use_case.name} is under way ({state.step}), so the shadow of version "
            f"{version} cannot start; wait for it, or roll it back first."
        )
    if state.champion == version:
        raise PromotionRefused(
            f"Version {version} of {use_case.name} already is the champion; there is nothing to promote."
        )
    _require_promotable(use_case, version)


def require_share(use_case: UseCase, state: DeploymentState, version: str, percent: int) -> None:
    plan, share = deployment_plan(use_case), share_of(state.step)
    if not any(step.percent for step in plan.steps):
        raise PromotionRefused(
            f"The strategy of {use_case.name} is {plan.strategy}, which gives no shares, so version {version} cannot "
            f"answer {percent} % of the requests."
        )
    highest = max(step.percent for step in plan.steps) if plan.step(canary_step(ALL)) else ALL - 1
    if not share < percent <= highest:
        raise PromotionRefused(
            f"Version {version} of {use_case.name} answers {share} % of the requests, so its next share lies between "
            f"{share + 1} and {highest} %, not at {percent} %; all of them is the switch of the champion."
        )


def require_champion_to_be(use_case: UseCase, state: DeploymentState | None, version: str) -> None:
    plan = deployment_plan(use_case)
    if state and not plan.switches:
        raise PromotionRefused(
            f"The strategy of {use_case.name} is {plan.strategy}, so version {version} cannot become champion; choose "
            "another under 'promote.strategy'."
        )
    if state is None or not plan.steps:
        if state:
            require_free(use_case, state, version)
        _require_promotable(use_case, version)
    else:
        require_earned(use_case, under_way(use_case, version))


def require_earned(use_case: UseCase, state: DeploymentState) -> None:
    """Whatever asks for the move: no candidate gets more traffic than it has earned."""
    if not has_passed(state):
        raise PromotionRefused(
            f"Version {state.candidate} of {use_case.name} has not passed its judgement in {state.step}, so it gets no "
            "more traffic; judge the step first, or roll it back."
        )
    require_no_blocking_case(use_case.name)
    require_baked(use_case, state, utc_now())
    require_receipts(use_case, find_model(use_case.name, str(state.candidate)), further=skew_gates(use_case))


def previous_champion(use_case: UseCase, state: DeploymentState, to_previous: bool) -> str:
    if not to_previous:
        raise PromotionRefused(
            f"No candidate of {use_case.name} is under way, so there is nothing to roll back; turn on 'To previous "
            f"champion' to take the traffic from version {state.champion}."
        )
    if state.previous is None:
        raise PromotionRefused(
            f"No champion of {use_case.name} before version {state.champion} is recorded to give the traffic back to; "
            "promote another version."
        )
    return state.previous


def serving(use_case: UseCase, consequence: str) -> DeploymentState:
    state = deployment(use_case.name)
    if state is None:
        raise PromotionRefused(f"No champion serves {use_case.name} yet, so {consequence}; switch its first champion.")
    return state


def under_way(use_case: UseCase, version: str) -> DeploymentState:
    state = serving(use_case, f"version {version} cannot be a candidate")
    if state.candidate != version:
        now = f"version {state.candidate} is ({state.step})" if state.candidate else "no candidate is"
        raise PromotionRefused(
            f"Version {version} of {use_case.name} is not under way: {now}; start its shadow before you move it on."
        )
    return state


def _require_promotable(use_case: UseCase, version: str) -> None:
    known = [model.version for model in list_models(use_case.name)]
    if version not in known:
        raise PromotionRefused(f"{use_case.name} has no registered version {version!r}{nearest(version, known)}")
    require_no_blocking_case(use_case.name)
    require_control(use_case, version)
    require_approved(use_case.name, version)
    require_receipts(use_case, find_model(use_case.name, version))
