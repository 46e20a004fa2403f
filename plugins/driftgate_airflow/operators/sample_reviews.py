"""Queue answers for people to look at, and publish what they said."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class SampleReviewsOperator(UseCaseOperator):
    """
    Queue some answers of the run's partition, publish the labels that reviewers gave until now, and measure agreement.

    Too little agreement is an alarm, not a failure.
    """

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.reviews import measure_agreement, publish_labels, queue_reviews
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        items = queue_reviews(use_case, key)
        labels = publish_labels(use_case, key)
        agreement = measure_agreement(use_case, key)
        kept = (DatasetRef(uris.reviewed_labels(use_case.name), labels.manifest),) if labels else ()
        return Step(
            summary={
                "queued": len(items),
                "labels": labels.labels if labels else 0,
                "agreement": agreement.verdict,
                "sentence": agreement.sentence,
            },
            inputs=(DatasetRef(uris.captures(use_case.name, key)),),
            outputs=(*kept, DatasetRef(uris.review_report(use_case.name, key), agreement.hash)),
        )
