"""# Feature review

Has people look at the **features** before answers get worse: which columns nobody uses, what each feature is still
worth, whether another set of features would be better, and how much this world moves. Each role of
`feature_review.roles` signs; an approval asks for one retraining (reason `feature_review`), which the next night's
`retrain` run begins.

**When it runs:** after every verdict; on most nights `review_due` says why nothing is due and the rest is skipped. A
review falls due by `feature_review.every` and `also_on`, or sooner when a verdict asks people to look because features
drifted (`driftgate feature-review due`). By hand: trigger it with a partition key and a *Reason*.

**If `sign_off` waits:** read the page that **Feature review** on `build_pack` opens, change `features.sql` in a pull
request if it should change, then answer under *Required Actions*: a name for each role to approve, a reason to reject.
What is incomplete is asked again; the log says what is missing.

**If `sign_off` fails:** nobody answered within `feature_review.deadline_days`. The review is due again the next night.

**If `prepare_dataset` or `build_pack` fails or its worker dies:** clear it. Sets of features that were trained are not
trained again. While a review waits, no other one of the use case begins.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, PartitionedAssetTimetable, XComArg, chain

from driftgate.feature_review_policy import FeatureReview
from driftgate.use_cases import UseCase
from driftgate_airflow import assets
from driftgate_airflow.defaults import LONG_RUN, START, Stage, Tier, default_args, replay_param
from driftgate_airflow.operators.build_review_pack import BuildReviewPackOperator
from driftgate_airflow.operators.prepare_dataset import PrepareDatasetOperator
from driftgate_airflow.operators.review_due import ReviewDueOperator
from driftgate_airflow.operators.sign_off_features import SignOffFeaturesOperator

AT_ONCE = 4  # nights that ask whether one is due while another waits for its signatures
LONGEST_TRAININGS = timedelta(hours=6)


def feature_review(use_case: UseCase, policy: FeatureReview, *, runbook: str) -> DAG:
    """Make the feature review DAG of one use case."""
    name = use_case.name
    with DAG(
        dag_id=f"{name}.feature_review",
        schedule=PartitionedAssetTimetable(assets=assets.verdict(name)),
        start_date=START,
        catchup=False,
        max_active_runs=AT_ONCE,
        dagrun_timeout=LONG_RUN + timedelta(days=policy.deadline_days),
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.MONITOR, Tier.TWO, name],
        default_args=default_args(use_case.owner.team),
        params={"reason": _reason(), "replay": replay_param()},
    ) as dag:
        due = ReviewDueOperator(task_id="review_due", use_case=name, reason="{{ params.reason or '' }}")
        dataset = PrepareDatasetOperator(task_id="prepare_dataset", use_case=name)
        version: Any = XComArg(dataset, key="dataset_version")  # a string when the task runs
        chain(
            due,
            dataset,
            BuildReviewPackOperator(
                task_id="build_pack",
                use_case=name,
                dataset_version=version,
                why="{{ ti.xcom_pull(task_ids='review_due')['why'] }}",
                execution_timeout=LONGEST_TRAININGS,
            ),
            SignOffFeaturesOperator(
                task_id="sign_off", use_case=name, roles=policy.roles, deadline_days=policy.deadline_days
            ),
        )
    return dag


def _reason() -> Param:
    return Param(
        None,
        type=["null", "string"],
        title="Reason",
        description="Why to review now, whatever the calendar says; it is recorded.",
    )
