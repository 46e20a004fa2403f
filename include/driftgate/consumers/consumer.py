"""A consumer: one program that asks the endpoint, in one environment."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from driftgate.records import Record

Scope = Literal["predict", "explain", "metrics"]
SCOPES: tuple[Scope, ...] = ("predict", "explain", "metrics")
EVERY_USE_CASE = "*"


class Key(Record):
    """What is kept of an API key: its public id and the SHA-256 of the whole.

    A slow hash guards passwords, which can be guessed. A key is 256 random bits, which cannot, so a fast one does.
    """

    id: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    made_on: date
    ends_at: AwareDatetime | None = None

    def ended(self, now: datetime) -> bool:
        """Return whether the key counts no more."""
        return self.ends_at is not None and now >= self.ends_at


class Consumer(Record):
    """Who asks (``contact`` answers for it), for which use cases (``*``: all), and how much.

    ``requests_per_second`` is refilled up to ``burst``. ``rows_per_day`` is of a day in UTC; None: no bound.
    """

    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    contact: Annotated[str, Field(min_length=3)]
    environment: str
    use_cases: Annotated[tuple[str, ...], Field(min_length=1)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = ("predict",)
    requests_per_second: Annotated[float, Field(gt=0)] = 50
    burst: Annotated[int, Field(ge=1)] = 100
    rows_per_day: Annotated[int, Field(ge=1)] | None = None
    keys: tuple[Key, ...] = ()

    def may_ask(self, use_case: str) -> bool:
        """Return whether the use case is one of the consumer's."""
        return use_case in self.use_cases or EVERY_USE_CASE in self.use_cases


class Consumers(Record):
    """The file."""

    consumers: tuple[Consumer, ...] = ()

    @model_validator(mode="after")
    def _are_told_apart(self) -> "Consumers":
        names = [(one.id, one.environment) for one in self.consumers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name[0]!r} is there twice for the environment {name[1]!r}; rename one")
        ids = [key.id for one in self.consumers for key in one.keys]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"the key id {twice[0]!r} is there twice; rotate one of the two keys")
        return self
