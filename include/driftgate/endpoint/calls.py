"""What a request asks for before its body is read: which use case, predictions or an explanation, in which formats."""

import os
import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qs

from driftgate.endpoint.callers import Caller
from driftgate.endpoint.formats import JSON, answer_format, body_format
from driftgate.endpoint.refusals import Refused

if TYPE_CHECKING:
    from starlette.types import Scope

INVOCATIONS = "/invocations"
CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"

_PATH = re.compile(r"/v([0-9]{1,4})/([^/]+)/(predict|explain)")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PLAIN_JSON = (None, b"application/json")
_ANYTHING = (None, b"*/*", b"application/json")

Headers = dict[bytes, bytes]


class Call(NamedTuple):
    """One request. ``use_case`` and ``api_version`` are those of the path; /invocations has none of its own."""

    caller: Caller
    use_case: str | None
    api_version: int | None
    verb: Literal["predict", "explain"]
    body: str
    accept: str
    top: int | None


def is_call(path: str) -> bool:
    """Return whether a path asks for a prediction or an explanation, and is no page."""
    return path == INVOCATIONS or (path[:2] == "/v" and path[2:3].isdigit())


def request_id_of(headers: Headers) -> str:
    """Return the caller's own id when it is a short word, else a new one."""
    given = headers.get(b"x-request-id")
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


def call_of(scope: "Scope", caller: Caller) -> Call:
    """Return what is asked for.

    :raises Refused: 404 for a path that is none, 405, 406 or 415
    """
    if scope["method"] != "POST":
        raise Refused(405, "Predictions are asked for by POST; /docs shows an example.")
    headers = caller.headers
    sent, wanted = headers.get(b"content-type"), headers.get(b"accept")
    body = JSON if sent in _PLAIN_JSON else body_format(_text(sent))
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refused(415, "The body is packed ('Content-Encoding'); send it as it is.")
    accept = JSON if wanted in _ANYTHING else answer_format(_text(wanted))
    if scope["path"] == INVOCATIONS:
        return Call(caller, _named_use_case(headers, body), None, "predict", body, accept, None)
    found = _PATH.fullmatch(scope["path"])
    if not found:
        raise Refused(404, f"There is no path {scope['path'][:80]!r}; ask /v1/USE_CASE/predict, as /docs shows.")
    explains = found[3] == "explain"
    return Call(
        caller, found[2], int(found[1]), "explain" if explains else "predict", body, accept, _top(scope, explains)
    )


def _named_use_case(headers: Headers, body: str) -> str | None:
    """Return the use case that SageMaker's header names; a JSON body names its own."""
    if body == JSON:
        return None
    for attribute in _text(headers.get(CUSTOM_ATTRIBUTES)).split(","):
        name, _, value = attribute.partition("=")
        if name.strip() == "use_case" and value.strip():
            return value.strip()
    raise Refused(
        400, "A body that is no JSON names no use case; send X-Amzn-SageMaker-Custom-Attributes: use_case=NAME with it."
    )


def _top(scope: "Scope", explains: bool) -> int | None:
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("top") if explains else None
    if not asked:
        return None
    if not re.fullmatch("[1-9][0-9]{0,2}|1000", asked[0]):
        raise Refused(400, f"'top' is {asked[0][:20]!r}; it must be a whole number from 1 to 1000.")
    return int(asked[0])


def _text(header: bytes | None) -> str:
    return (header or b"").decode("latin-1")
