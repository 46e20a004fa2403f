"""Whose key it is, how often they ask, and whether they may."""

from driftgate.consumers import Unknown
from driftgate.endpoint.callers import Caller
from driftgate.endpoint.consumers_file import ConsumersFile
from driftgate.endpoint.limits import Rates
from driftgate.endpoint.refusals import Refused

OPEN_TO_ALL_KEYS = ("/docs", "/openapi.json")


class Access:
    """The keys of one endpoint; for the event loop's thread."""

    def __init__(self, consumers: ConsumersFile) -> None:
        self.consumers = consumers
        self._rates = Rates()

    def require(self, caller: Caller, path: str) -> None:
        """Note in ``caller`` who it is.

        :raises Refused: 401 without a key that counts, 429 for one that asks too often, 403 for one without the scope
        """
        try:
            consumer = self.consumers.directory.find(_key_of(caller.headers))
        except Unknown as problem:
            caller.key_id = problem.key_id
            raise Refused(401, str(problem)) from None
        caller.consumer, caller.consumer_id = consumer, consumer.id
        self._rates.take(consumer, caller.started)
        if caller.scope not in consumer.scopes and path not in OPEN_TO_ALL_KEYS:
            raise Refused(
                403, f"{consumer.id} has no scope {caller.scope!r}; those who run this endpoint can give it to you."
            )


def _key_of(headers: dict[bytes, bytes]) -> bytes | None:
    authorization = headers.get(b"authorization")
    if authorization and authorization[:7].lower() == b"bearer ":
        return authorization[7:].strip()
    return headers.get(b"x-api-key")
