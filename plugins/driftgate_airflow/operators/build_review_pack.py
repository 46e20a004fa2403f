"""Put together what the signers of a feature review look at."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperatorLink, Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key
from driftgate_airflow.ui.links import FeatureReviewLink


class BuildReviewPackOperator(UseCaseOperator):
    """
    Gather columns, importances and volatility, train the sets of features side by side as jobs, and write the page.

    A set whose job has ended is not trained again, so a task whose worker died is simply run once more.

    :param dataset_version: name of the dataset version to train on (templated)
    :param why: why the review is due (templated)
    """

    activity = "tune"
    template_fields: Sequence[str] = ("use_case", "dataset_version", "why")
    page: str | None = None  # where the button leads
    operator_extra_links: Sequence[BaseOperatorLink] = (FeatureReviewLink(),)

    def __init__(self, *, dataset_version: str, why: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_version = dataset_version
        self.why = why

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.feature_reviews.build import build_pack
        from driftgate.feature_reviews.due import policy_of
        from driftgate.feature_reviews.page import summary
        from driftgate.lineage import DatasetRef
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        pack = build_pack(use_case, policy_of(use_case), key, self.why, self.dataset_version)
        self.page = uris.feature_review(self.use_case, key, "html")
        return Step(
            summary={"pack": pack.hash, "told": summary(pack)},
            inputs=(
                DatasetRef(f"dataset_version/{self.dataset_version}", None),
                DatasetRef(f"model/{self.use_case}/{pack.champion}", None),
            ),
            outputs=(DatasetRef(uris.feature_review(self.use_case, key), pack.hash),),
        )
