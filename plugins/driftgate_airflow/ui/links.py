"""The buttons on a task's page. Airflow asks for them when the task has ended, well or not, and keeps the answer."""

from collections.abc import Callable
from typing import Any, ClassVar

from airflow.sdk import BaseOperatorLink

from driftgate import uris
from driftgate_airflow.ui.addresses import page_url


class PageLink(BaseOperatorLink):
    """
    Leads to the page of the partition that the task came to last: the one that it failed at, or the last of its range.

    A task that came to none has no button.
    """

    path: ClassVar[Callable[[str, str, str], str]]

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        return page_url(self.path(operator.dataset, operator.reached, "html")) if operator.reached else ""


class DataDocsLink(PageLink):
    """Great Expectations' judgement of a partition."""

    name = "Data Docs"
    path = staticmethod(uris.validation_report)


class ProfileLink(PageLink):
    """What is in a partition, column by column."""

    name = "Profile"
    path = staticmethod(uris.profile)
