"""# Monitor

Decides about one night: joins the day's answers with what really happened, has its monitors look at it (each a task
with evidence of its own: `docs/guides/watch-answers.md`), and writes the **verdict** with the rule that decided.

**When it runs:** when every dataset of the use case has published the same partition.

**What came of it:** the button **Night** of `decide_verdict` leads to a page with the decision, each monitor's number
and limit and its last 30 nights; **Models** in the navigation has every model with what is wrong with it.

**If a measurement says `insufficient`:** that is an answer, not a failure; the sentence says what was missing.

**If the verdict says `serving_differs_from_training`:** the evidence `skew.json` of that night names the features and
some answers. Is an online value late (`driftgate_online_lookups` of the endpoint), or does a caller compute one another
way?

**If it was a false alarm:** `driftgate monitor false-alarm`, then `propose`: `docs/guides/set-a-drift-policy.md`.

**If there is an alarm of probing:** `reports/security/<use case>/<day>.json` in the lake names the answers and the
feature that was varied. These requests enter no training, which learns from published partitions alone.

**If the verdict says `rollback`:** the traffic has gone back to the champion before; the alarm `drift` says to whom, or
that nobody may take over. Look at the promotion page of the version that left. **If it says `review`:** that alarm asks
a person; `docs/guides/verdicts.md` says what leads to which verdict.

**If there is an alarm `review_agreement`:** people who looked at a random sample of answers disagree with too many;
`reports/reviews/<use case>/<day>.json` says with whom and where, `docs/guides/review-predictions.md` how reviews work.

**If a task fails:** clear it. Every task writes the same result again.
"""

from airflow.sdk import DAG, AssetAll, PartitionedAssetTimetable, chain

from driftgate.use_cases import UseCase
from driftgate_airflow import assets
from driftgate_airflow.defaults import SHORT_RUN, START, Stage, Tier, default_args
from driftgate_airflow.operators.decide_verdict import DecideVerdictOperator
from driftgate_airflow.operators.join_ground_truth import JoinGroundTruthOperator
from driftgate_airflow.operators.measure import MeasureOperator
from driftgate_airflow.operators.measure_probing import MeasureProbingOperator
from driftgate_airflow.operators.sample_reviews import SampleReviewsOperator


def monitor(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the monitoring DAG of one use case."""
    with DAG(
        dag_id=f"{use_case.name}.monitor",
        schedule=PartitionedAssetTimetable(assets=AssetAll(*map(assets.validated, use_case.datasets))),
        start_date=START,
        catchup=False,
        max_active_runs=1,  # a verdict looks back at earlier nights, so they come in order
        dagrun_timeout=SHORT_RUN,
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.MONITOR, Tier.ONE, use_case.name],
        default_args=default_args(use_case.owner.team),
    ) as dag:
        MeasureProbingOperator(task_id="measure_probing", use_case=use_case.name)  # no verdict waits for it
        join = JoinGroundTruthOperator(task_id="join_ground_truth", use_case=use_case.name)
        if use_case.review:  # after the join, which brings the captures; no verdict waits for people either
            chain(join, SampleReviewsOperator(task_id="sample_reviews", use_case=use_case.name))
        chain(
            join,
            [
                MeasureOperator(task_id=f"measure_{name}", use_case=use_case.name, monitor=name)
                for name in use_case.monitors
            ],
            DecideVerdictOperator(task_id="decide_verdict", use_case=use_case.name),
        )
    return dag
