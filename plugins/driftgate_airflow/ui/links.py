"""The buttons on a task's page. Airflow asks for them when the task has ended, well or not, and keeps the answer."""

from abc import abstractmethod
from typing import Any

from airflow.sdk import BaseOperatorLink

from driftgate import uris
from driftgate_airflow.ui.addresses import page_url


class PageLink(BaseOperatorLink):
    """
    Leads to the page of the partition that the task came to last: the one that it failed at, or the last of its range.

    A task that came to none has no button.
    """

    @abstractmethod
    def path(self, dataset: str, key: str) -> str:
        """Return where in the lake the page of a partition is."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return page_url(self.path(operator.dataset, operator.reached)) if operator.reached else ""


class TuningLink(BaseOperatorLink):
    """The report of the study that a task led; none before the study was opened."""

    name = "Tuning"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        if not operator.study_name:
            return ""
        return page_url(uris.tuning_report(operator.use_case, operator.study_name, "index.html"))


class ReportLink(BaseOperatorLink):
    """The page that a task wrote, or added to; none before it came that far."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return page_url(operator.page) if operator.page else ""


class EvaluationLink(ReportLink):
    """The evaluation of the candidate: gates, plots, champion beside candidate."""

    name = "Evaluation"


class DatasetCheckLink(ReportLink):
    """How the dataset version was tested: its contracts, and the champion on its rows."""

    name = "Dataset check"


class ModelCardLink(ReportLink):
    """The card of the model version, in plain words and for those who work on it."""

    name = "Model card"


class PromotionLink(ReportLink):
    """The way of the candidate through shadow and canary, with each judgement."""

    name = "Promotion"


class DataDocsLink(PageLink):
    """Great Expectations' judgement of a partition."""

    name = "Data Docs"

    def path(self, dataset: str, key: str) -> str:
        return uris.validation_report(dataset, key, "html")


class ProfileLink(PageLink):
    """What is in a partition, column by column."""

    name = "Profile"

    def path(self, dataset: str, key: str) -> str:
        return uris.profile(dataset, key, "html")


class JobLink(BaseOperatorLink):
    """The job's log, or its page in the console of its service; there while the job runs. A local job has a file."""

    name = "Job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        log: str = operator.job_log
        return log if log.startswith(("https://", "http://")) else ""


class NightLink(ReportLink):
    """What was found about the night, monitor by monitor, and why that was decided."""

    name = "Night"


class AlarmsLink(ReportLink):
    """Every alarm that lasts, and the newest that are over."""

    name = "Alarms"


class FeatureReviewLink(ReportLink):
    """What the signers of a feature review look at."""

    name = "Feature review"
