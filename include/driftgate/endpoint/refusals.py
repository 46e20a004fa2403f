"""What the endpoint answers instead of predictions: a status and one sentence."""

from driftgate.errors import DriftgateError


class Refused(DriftgateError):
    """A request that gets no prediction. ``status`` is the HTTP status: 4xx the caller's to mend, 503 ours.

    :param retry_after: seconds after which it is worth to ask again
    """

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.retry_after = status, retry_after
