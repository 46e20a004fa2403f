"""Who asks in one request, since when and until when: what is decided before, and noted while, it is answered."""

import time
from datetime import datetime
from typing import Protocol

import msgspec

from driftgate.consumers import Consumer
from driftgate.endpoint.refusals import Refused


class Quota(Protocol):
    """What counts the rows of a day."""

    def take(self, consumer: Consumer, rows: int) -> None:
        """Take ``rows``.

        :raises Refused: 429, there are not so many left
        """
        ...


class Caller(msgspec.Struct, gc=False):
    """One request on its way through the endpoint.

    :param consumer: None where keys are not asked for
    :param deadline: of ``time.perf_counter``; after it the request is not answered
    :param status: of its answer; 0 before there is one
    :param retry_after: seconds after which it is worth to ask again, if it is refused
    """

    request_id: str
    headers: dict[bytes, bytes]
    received_at: datetime
    started: float
    deadline: float
    scope: str
    consumer: Consumer | None = None
    consumer_id: str | None = None
    key_id: str | None = None
    quota: Quota | None = None
    use_case: str | None = None
    rows: int = 0
    status: int = 0
    retry_after: int | None = None

    def require(self, use_case: str) -> None:
        """Raise 403 unless the use case is one of the consumer's."""
        if self.consumer and not self.consumer.may_ask(use_case):
            raise Refused(
                403, f"{self.consumer.id} may not ask {use_case[:80]}; those who run this endpoint can allow it."
            )

    def take(self, use_case: str, rows: int) -> None:
        """Note what is about to be answered.

        :raises Refused: 429, the day's rows are used up, or 504, it is too late
        """
        self.require_time()
        if self.quota and self.consumer:
            self.quota.take(self.consumer, rows)
        self.use_case, self.rows = use_case, rows

    def require_time(self) -> None:
        """Raise 504 when it is too late for an answer."""
        if time.perf_counter() > self.deadline:
            raise Refused(
                504,
                "There was no answer within the request's deadline; nothing of it is kept. Try again, or send less.",
            )
