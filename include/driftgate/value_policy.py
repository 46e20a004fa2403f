"""What people's work on a use case costs, and how long it may earn nothing: the section ``value``."""

from typing import Annotated

from pydantic import Field

from driftgate.records import Record

Usd = Annotated[float, Field(ge=0)]


class Value(Record):
    """``usd_per_review`` is what a person's look at one night costs that the policy asked people about."""

    upkeep_usd_per_week: Usd
    usd_per_review: Usd
    sunset_after: Annotated[int, Field(ge=2)] = 3  # weeks in a row without net value
