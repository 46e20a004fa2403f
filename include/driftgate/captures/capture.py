"""The record of one answer, and the form in which it is stored: one line of JSON.

It is made for every row of every request, so it is a plain dataclass: what is in it was checked before.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

SCHEMA_VERSION = 1

Role = Literal["champion", "canary", "shadow"]


@dataclass(frozen=True)
class Capture:
    """What one model version was asked and said.

    Exactly one of ``score`` and ``error`` is None. A shadow's capture, and that of a canary whose failure the champion
    stood in for, has the ``prediction_id`` of the answer that the caller got.

    :param event_time: the request's event time as the caller wrote it (ISO 8601); its date is the day of the capture
    :param request_key: JSON object of the request key's fields, names sorted
    :param features: JSON object of the whole request row
    """

    prediction_id: str
    use_case: str
    variant_role: Role
    model_version: str
    deployment_revision: int
    step: str
    score: float | None
    error: str | None
    latency_ms: float
    received_at: datetime
    event_time: str
    request_key: str
    features: str

    @property
    def day(self) -> str:
        """The day under which the capture is kept."""
        return datetime.fromisoformat(self.event_time).date().isoformat()

    def line(self) -> str:
        """Return the capture as one line of JSON, without the line's end."""
        received_at = self.received_at.isoformat(timespec="microseconds")
        return _ENCODER.encode({"schema_version": SCHEMA_VERSION, **vars(self), "received_at": received_at})


# ASCII only: a caller's half of a surrogate pair stays an escape, which every reader can read.
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def request_key(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return the request key of ``row`` as captures and routing write it."""
    return json.dumps({name: row[name] for name in names}, sort_keys=True)
