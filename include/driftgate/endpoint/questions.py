"""From bytes to rows: parsing one request's body, strictly.

What Python would let pass and no caller means is refused by name: repeated keys, NaN, nesting without end.
"""

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from driftgate.endpoint.refusals import Refused
from driftgate.errors import nearest

KEYS = ("use_case", "rows")


@dataclass(frozen=True, slots=True)
class Question:
    """One request: rows to score, not yet checked against a signature."""

    use_case: str
    rows: list[dict[str, Any]]


class _Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A body of a path that names the use case."""

    rows: msgspec.Raw


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A body whose rows are still to be decoded by the signature of their model."""

    use_case: str
    rows: msgspec.Raw


def open_envelope(body: bytes, use_case: str | None = None) -> tuple[str, bytes] | None:
    """Return the use case and the JSON of the rows; None unless the body is certainly right as far as that.

    :param use_case: the one of the path; None: the body names it

    Without backslashes every quote in it delimits a text, so that counting them finds a key that comes twice.
    """
    if b"\\" in body:
        return None
    try:
        envelope = _ENVELOPES.decode(body) if use_case is None else _ROWS.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    rows = bytes(envelope.rows)
    name = envelope.use_case if isinstance(envelope, _Envelope) else str(use_case)
    expected = _ENVELOPE_QUOTES if use_case is None else _ROWS_QUOTES
    return (name, rows) if body.count(b'"') - rows.count(b'"') == expected else None


def parse_question(body: bytes, *, max_rows: int, use_case: str | None = None) -> Question:
    """Return what ``body`` asks.

    :param use_case: the one of the path; None: the body names it
    :raises Refused: 400 with a sentence; 413 for more than ``max_rows`` rows
    """
    asked, keys = _parse_json(body), KEYS if use_case is None else ("rows",)
    if not isinstance(asked, dict):
        raise Refused(400, f"The body must be a JSON object with the keys {_named(keys)}, not {_kind(asked)}.")
    for key in asked:
        if key not in keys:
            raise Refused(400, f"The body has an unknown key {key[:80]!r}{nearest(key[:80], keys)}.")
    if missing := [key for key in keys if key not in asked]:
        raise Refused(400, f"The body lacks {_named(missing)}; send a JSON object with {_named(keys)}.")
    asked.setdefault("use_case", use_case)
    if not isinstance(asked["use_case"], str):
        raise Refused(400, f"'use_case' must be the name of a use case, not {_kind(asked['use_case'])}.")
    return Question(asked["use_case"], _checked_rows(asked["rows"], max_rows))


def _checked_rows(rows: Any, max_rows: int) -> list[dict[str, Any]]:
    if not isinstance(rows, list):
        raise Refused(400, f"'rows' must be a list of JSON objects, not {_kind(rows)}.")
    if not rows:
        raise Refused(400, "'rows' is empty; send at least one row.")
    if len(rows) > max_rows:
        raise Refused(413, f"The request has {len(rows)} rows, more than the {max_rows} of one request; split it.")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Refused(400, f"Row {index} must be a JSON object, not {_kind(row)}.")
    return rows


def _parse_json(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8: byte {error.start} cannot be read; send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refused(400, f"The body is not JSON ({error.msg}, {place}); mend it there.") from None
    except ValueError:  # Python refuses to read a whole number of more than 4,300 digits
        raise Refused(
            400, "The body holds a whole number of thousands of digits; at most 64 bits are a number."
        ) from None
    except RecursionError:
        raise Refused(400, "The body is nested too deeply; a row holds plain values only.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Refused(400, f"The body has the key {repeated[:80]!r} twice in one object; send it once.")
    return found


def _constant(name: str) -> Any:
    raise Refused(400, f"The body holds {name}, which is not JSON; send null for a value that is not known.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


_ENVELOPES = msgspec.json.Decoder(_Envelope)
_ROWS = msgspec.json.Decoder(_Rows)
_ROWS_QUOTES = 2
_ENVELOPE_QUOTES = 6  # of two keys and the name of the use case


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _named(keys: Any) -> str:
    return " and ".join(f"'{key}'" for key in keys)
