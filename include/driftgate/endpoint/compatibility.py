"""Whether callers of one description of the endpoint (OpenAPI) get along with another one.

Only versioned paths promise anything: within ``/v1`` what was a right request stays one, and an answer keeps its fields
and their types. A path that is gone is no break where the same path with a higher number is there.
"""

import re
from collections.abc import Iterator
from typing import Any

JSON = "application/json"
BOUNDS = ("pattern", "minimum", "maximum", "minItems", "maxItems", "const", "enum")


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one sentence for each thing that a caller of ``old`` can no longer rely on in ``new``."""
    return [sentence for path in old["paths"] if _version(path) for sentence in _breaks_of(path, old, new)]


def _breaks_of(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if path not in new["paths"]:
        later = [one for one in new["paths"] if _unversioned(one) == _unversioned(path) and _version(one)]
        if max(map(_version, later), default=0) < _version(path):
            yield f"{path} is gone; keep it, or offer it with a higher number"
        return
    before, after = old["paths"][path]["post"], new["paths"][path]["post"]
    took, takes = before["requestBody"]["content"], after["requestBody"]["content"]
    gave, gives = before["responses"]["200"]["content"], after["responses"]["200"]["content"]
    yield from (f"{path} takes no {form} any more" for form in took if form not in takes)
    yield from (f"{path} answers with no {form} any more" for form in gave if form not in gives)
    asked, asks = (_schema(document, content) for document, content in ((old, took), (new, takes)))
    said, says = (_schema(document, content) for document, content in ((old, gave), (new, gives)))
    yield from _narrower(asked, asks, f"{path}: the request's body")
    yield from _poorer(said, says, f"{path}: the answer")


def _narrower(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[str]:
    """Yield what ``new`` refuses and ``old`` took."""
    if lost := _types(old) - _types(new):
        yield f"{where} takes no {' or '.join(sorted(lost))} any more"
    yield from (f"{where} has another {bound}" for bound in BOUNDS if bound in new and new[bound] != old.get(bound))
    more = set(new.get("required", ())) - set(old.get("required", ()))
    yield from (f"{where} must have {name!r} now" for name in sorted(more))
    fields, kept = old.get("properties", {}), new.get("properties", {})
    if new.get("additionalProperties") is False:
        yield from (f"{where} must not have {name!r} any more" for name in fields if name not in kept)
    for name in sorted(fields.keys() & kept.keys()):
        yield from _narrower(fields[name], kept[name], f"{where}.{name}")
    if "items" in old and "items" in new:
        yield from _narrower(old["items"], new["items"], f"{where}[]")


def _poorer(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[str]:
    """Yield what ``old`` promised and ``new`` does not; one more word of a list of words is no break."""
    if more := _types(new) - _types(old):
        yield f"{where} may be {' or '.join(sorted(more))} now"
    fields, kept = old.get("properties", {}), new.get("properties", {})
    for name in fields:
        if name not in kept or (name in old.get("required", ()) and name not in new.get("required", ())):
            yield f"{where} has no {name!r} any more, or not always"
        else:
            yield from _poorer(fields[name], kept[name], f"{where}.{name}")
    if "items" in old and "items" in new:
        yield from _poorer(old["items"], new["items"], f"{where}[]")


def _schema(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _whole(document, content[JSON]["schema"]) if JSON in content else {}
    return found


def _types(schema: dict[str, Any]) -> set[str]:
    types = schema.get("type", [])
    found = {types} if isinstance(types, str) else set(types)
    return found | {"integer"} if "number" in found else found


def _whole(document: dict[str, Any], schema: Any) -> Any:
    """Return a schema with what it refers to in place."""
    if isinstance(schema, list):
        return [_whole(document, one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return {key: _whole(document, value) for key, value in schema.items()}


def _version(path: str) -> int:
    found = re.match(r"/v(\d+)/", path)
    return int(found[1]) if found else 0


def _unversioned(path: str) -> str:
    return re.sub(r"^/v\d+/", "/", path)
