"""The record of one answer, and the form in which it is stored: one line of JSON.

It is made for every row of every request, so it is a plain structure: what is in it was checked before.
"""

import json
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Literal

import msgspec
import orjson

SCHEMA_VERSION = 1

Role = Literal["champion", "canary", "shadow", "fallback", "control"]


class Capture(msgspec.Struct, frozen=True, gc=False):
    """What one model version was asked and said.

    Exactly one of ``score`` and ``error`` is None. A shadow's capture, and that of a canary whose failure the champion
    stood in for, has the ``prediction_id`` of the answer that the caller got. So has the champion's whose failure the
    rule of its package stood in for: role ``fallback``, with the champion's version. Role ``control`` is that rule,
    too, where it was the caller's lot to be answered by it.

    :param event_time: the request's event time as the caller wrote it (ISO 8601); its date is the day of the capture
    :param request_key: JSON object of the request key's fields, names sorted
    :param features: JSON object of the whole request row
    :param share: of the request keys that are captured, as the use case said at that time
    :param request_id: the HTTP request's, which may have several rows
    :param consumer: whose key was sent, where keys are asked for
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
    share: float = 1.0
    request_id: str | None = None
    consumer: str | None = None

    @property
    def day(self) -> str:
        """The day under which the capture is kept."""
        return day_of(self.event_time)

    def line(self) -> bytes:
        """Return the capture as one line of JSON, without the line's end."""
        return orjson.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "prediction_id": self.prediction_id,
                "use_case": self.use_case,
                "variant_role": self.variant_role,
                "model_version": self.model_version,
                "deployment_revision": self.deployment_revision,
                "step": self.step,
                "score": self.score,
                "error": self.error,
                "latency_ms": self.latency_ms,
                "received_at": _written(self.received_at),
                "event_time": self.event_time,
                "request_key": self.request_key,
                "features": self.features,
                "share": self.share,
                "request_id": self.request_id,
                "consumer": self.consumer,
            }
        )


def _written(time: datetime) -> datetime | str:
    """Return a time as orjson may write it: always with microseconds."""
    return time if time.microsecond else time.isoformat(timespec="microseconds")


@lru_cache(4096)
def day_of(event_time: str) -> str:
    """Return the date of an ISO 8601 time.

    :raises ValueError: it is none
    """
    return datetime.fromisoformat(event_time).date().isoformat()


def request_key(row: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return the request key of ``row`` as captures and routing write it: what ``json.dumps`` writes, names sorted."""
    return "{" + ", ".join([text + _json_value(row[name]) for name, text in _sorted(names)]) + "}"


def features_text(row: dict[str, Any]) -> str:
    """Return a row as captures write it."""
    try:
        return orjson.dumps(row).decode()
    except TypeError:  # half of a surrogate pair, which JSON can smuggle into any string, stays an escape
        return json.dumps(row)


@lru_cache(64)
def _sorted(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, f"{encode_basestring_ascii(name)}: ") for name in sorted(names)]


def _json_value(value: Any) -> str:
    if type(value) is str:
        return encode_basestring_ascii(value)
    return str(value) if type(value) is int else json.dumps(value)
