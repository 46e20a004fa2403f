"""Who may approve a model: the section ``approval``. Without it, everybody who did not make the model."""

from typing import Annotated

from pydantic import Field

from driftgate.records import Record


class Approval(Record):
    """The people who may approve or reject, by the names that they have in Airflow."""

    approvers: Annotated[tuple[str, ...], Field(min_length=1)]
