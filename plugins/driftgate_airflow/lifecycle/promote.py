"""# Promote

Brings a candidate to users step by step: **shadow** (it sees every request and answers nobody), then **canary** with a
growing share of the requests, or as the use case's `promote.strategy` says. Each step is judged by the guardrails;
when one is crossed, or cannot be judged before the deadline, the candidate is rolled back by itself, and `roll_back`
waits until the endpoint serves the champion alone. The first model of a use case goes live at once.

**If `approve` waits:** the use case or the evaluation asks for a person. Read what `driftgate model show` prints of the
version, then answer under *Required Actions*, or by `driftgate model approve` and clearing the task. *Reject* ends the
promotion and is no failure; so does silence until the deadline. Whoever trained the model or triggered this run cannot
approve it: the question is asked again.

**When it runs:** when `…retrain` registered a candidate. By hand: trigger it with a partition key and a
*Model version*.

**To stop a promotion:** trigger `…rollback`. This run then ends at its judge, which finds no candidate to judge.

**If `check_skew` fails:** the candidate answers otherwise at the endpoint than where it was registered, is too slow or
too large there (`gates.serving`), or was trained by other packages than it is served by. The shadow is taken out. Align
the two environments and retrain, or allow the difference in `include/allowed_skew.yaml`.

**If a `judge_…` task fails:** the rollback has already run. Read the report that the log names.

**If a move fails with "The endpoint does not serve …":** the move was taken back. Look at the endpoint's log, then
trigger the run again.

**After `switch_champion`** all that belongs to the new champion is a release (`driftgate release list`), which can be
served again from nothing.

**If `switch_champion` fails:** the candidate has passed everything and keeps its last share. Clear the task; it goes on
where it was.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Param, PartitionedAssetTimetable, TriggerRule, XComArg

from driftgate.use_cases import UseCase
from driftgate_airflow import assets
from driftgate_airflow.defaults import LONG_RUN, START, Stage, Tier, default_args
from driftgate_airflow.operators.advance_canary import AdvanceCanaryOperator
from driftgate_airflow.operators.approve_candidate import ApproveCandidateOperator
from driftgate_airflow.operators.check_skew import CheckSkewOperator
from driftgate_airflow.operators.deploy_shadow import DeployShadowOperator
from driftgate_airflow.operators.end_shadow import EndShadowOperator
from driftgate_airflow.operators.judge_candidate import JudgeCandidateOperator
from driftgate_airflow.operators.roll_back import RollBackOperator
from driftgate_airflow.operators.switch_champion import SwitchChampionOperator

if TYPE_CHECKING:
    from driftgate.promotion import DeploymentPlan


def promote(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the promotion DAG of one use case, with one canary step per share below 100 percent."""
    from driftgate.promotion import deployment_plan

    name, plan = use_case.name, deployment_plan(use_case)
    with DAG(
        dag_id=f"{name}.promote",
        schedule=PartitionedAssetTimetable(assets=assets.candidate(name)),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=_longest(use_case, plan),
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.PROMOTE, Tier.ONE, name],
        default_args=default_args(use_case.owner.team),
        params={"model_version": _model_version()},
    ) as dag:
        approve = ApproveCandidateOperator(
            task_id="approve",
            use_case=name,
            deadline_minutes=use_case.promote.deadline_minutes,
            then="deploy_shadow",
            otherwise="roll_back",
        )
        candidate: dict[str, Any] = {"use_case": name, "model_version": XComArg(approve, key="model_version")}
        switch = SwitchChampionOperator(
            task_id="switch_champion", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, **candidate
        )
        rollback = RollBackOperator(
            task_id="roll_back",
            use_case=name,
            model_version="{{ ti.xcom_pull(task_ids='approve', key='model_version') or '' }}",
            reason="a task of the promotion failed; see its log",
            trigger_rule=TriggerRule.ALL_DONE,  # also when a judge itself broke: fail closed
        )
        # Every branch decides about both ends itself: whoever says no skips the switch, and whoever leads to it skips
        # the rollback. Through the last judge alone a "no" to the shadow would reach the switch as "skipped", not "no".
        for branch in (approve, *_steps(use_case, plan, candidate, approve)):
            branch >> [switch, rollback]
    return dag


def _steps(
    use_case: UseCase, plan: "DeploymentPlan", candidate: dict[str, Any], approve: ApproveCandidateOperator
) -> Iterator[BaseOperator]:
    """Wire the steps of the plan after the approval, each followed by its judge, and yield what branches."""
    first = "check_skew" if plan.steps else None
    previous: BaseOperator = DeployShadowOperator(
        task_id="deploy_shadow", then=first, straight="switch_champion", **candidate
    )
    approve >> previous
    yield previous
    if plan.steps:
        previous >> (check := CheckSkewOperator(task_id="check_skew", **candidate))
        previous = check
    shares = [step.name for step in plan.steps if step.percent]
    follows = [*shares, "switch_champion" if plan.switches else "end_shadow"]
    for step, then in zip(plan.steps, follows, strict=False):  # a plan without steps has no judge
        if step.percent:
            previous >> (canary := AdvanceCanaryOperator(task_id=step.name, percent=step.percent, **candidate))
            previous = canary
        judge = JudgeCandidateOperator(
            task_id=f"judge_{step.name}",
            step_name=step.name,
            deadline_minutes=use_case.promote.deadline_minutes,
            then=then,
            otherwise="roll_back",
            **candidate,
        )
        previous >> judge
        if then == "end_shadow":
            judge >> EndShadowOperator(task_id=then, **candidate)
        previous = judge
        yield judge


def _model_version() -> Param:
    return Param(
        None,
        type=["null", "string"],
        title="Model version",
        description="The registered version to promote, for example '3'. "
        "Empty when the candidate's own event started the run.",
    )


def _longest(use_case: UseCase, plan: "DeploymentPlan") -> timedelta:
    """Return how long a promotion may take: each step until its deadline, and a week for people."""
    waits = 1 + len(plan.steps)  # and one for whoever approves
    return LONG_RUN + waits * timedelta(minutes=use_case.promote.deadline_minutes)
