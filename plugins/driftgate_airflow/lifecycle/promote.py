"""# Promote

Brings a candidate to users step by step: **shadow** (it sees every request and answers nobody), then **canary** with a
growing share of the requests. Each step is judged by the guardrails; when one is crossed, or cannot be judged before
the deadline, the candidate is rolled back by itself. The first model of a use case goes live at once.

**When it runs:** when `…retrain` registered a candidate. By hand: trigger it with a partition key and a
*Model version*.

**To stop a promotion:** trigger `…rollback`. This run then ends at its judge, which finds no candidate to judge.

**If a `judge_…` task fails:** the rollback has already run. Read the report that the log names.

**If `switch_champion` fails:** the candidate has passed everything and keeps its last share. Clear the task; it goes on
where it was.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, TriggerRule, XComArg

from driftgate.use_cases import UseCase
from driftgate_airflow import assets
from driftgate_airflow.defaults import LONG_RUN, START, Stage, Tier, default_args
from driftgate_airflow.operators.advance_canary import AdvanceCanaryOperator
from driftgate_airflow.operators.deploy_shadow import DeployShadowOperator
from driftgate_airflow.operators.judge_candidate import JudgeCandidateOperator
from driftgate_airflow.operators.roll_back import RollBackOperator
from driftgate_airflow.operators.switch_champion import SwitchChampionOperator


def promote(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the promotion DAG of one use case, with one canary step per share below 100 percent."""
    name = use_case.name
    with DAG(
        dag_id=f"{name}.promote",
        schedule=PartitionedAssetTimetable(assets=assets.candidate(name)),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=_longest(use_case),
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.PROMOTE, Tier.ONE, name],
        default_args=default_args(use_case.owner.team),
        params={"model_version": _model_version()},
    ) as dag:
        shadow = DeployShadowOperator(
            task_id="deploy_shadow", use_case=name, then="judge_shadow", without_champion="switch_champion"
        )
        candidate: dict[str, Any] = {"use_case": name, "model_version": XComArg(shadow, key="model_version")}
        switch = SwitchChampionOperator(
            task_id="switch_champion", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, **candidate
        )
        rollback = RollBackOperator(
            task_id="roll_back",
            use_case=name,
            model_version="{{ ti.xcom_pull(task_ids='deploy_shadow', key='model_version') or '' }}",
            reason=f"a guardrail was crossed or could not be judged; see reports/promotion/{name}",
            trigger_rule=TriggerRule.ALL_DONE,  # also when a judge itself broke: fail closed
        )
        # Every branch decides about both ends itself: whoever says no skips the switch, and whoever leads to it skips
        # the rollback. Through the last judge alone a "no" to the shadow would reach the switch as "skipped", not "no".
        for branch in (shadow, *_steps(use_case, candidate, shadow)):
            branch >> [switch, rollback]
    return dag


def _steps(
    use_case: UseCase, candidate: dict[str, Any], shadow: DeployShadowOperator
) -> Iterator[JudgeCandidateOperator]:
    """Wire shadow and canary steps, each followed by its judge, and yield the judges."""
    shares = [share for share in use_case.promote.steps_percent if share < 100]
    previous: Any = shadow
    for index, step in enumerate(["shadow", *(f"canary_{share}" for share in shares)]):
        if index:
            canary = AdvanceCanaryOperator(task_id=step, percent=shares[index - 1], **candidate)
            previous >> canary
            previous = canary
        judge = JudgeCandidateOperator(
            task_id=f"judge_{step}",
            step_name=step,
            deadline_minutes=use_case.promote.deadline_minutes,
            then=f"canary_{shares[index]}" if index < len(shares) else "switch_champion",
            otherwise="roll_back",
            **candidate,
        )
        previous >> judge
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


def _longest(use_case: UseCase) -> timedelta:
    """Return how long a promotion may take: each step until its deadline, and a week for people."""
    steps = 1 + len(use_case.promote.steps_percent)
    return LONG_RUN + steps * timedelta(minutes=use_case.promote.deadline_minutes)
