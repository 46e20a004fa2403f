"""The formats of questions and answers: which one a header names, and writing an answer in it."""

import csv
import io
import json
from typing import Any

from driftgate.endpoint.refusals import Refused

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
FORMATS = (JSON, CSV, ARROW)


def body_format(content_type: str) -> str:
    """Return the format that a Content-Type names; without one it is JSON.

    :raises Refused: 415 for any other, and for a text that is not in UTF-8
    """
    name, _, parameters = content_type.partition(";")
    name, parameters = name.strip().lower(), parameters.replace(" ", "").replace('"', "").lower()
    if name in ("", *FORMATS) and ("charset=" not in parameters or "charset=utf-8" in parameters):
        return name or JSON
    raise Refused(
        415, f"The Content-Type {content_type[:80]!r} cannot be read; send {_listed()}, texts in UTF-8, unpacked."
    )


def answer_format(accept: str) -> str:
    """Return the format that an Accept header likes best of those there are; JSON where it does not mind.

    :raises Refused: 406 when it takes none of them
    """
    best, liked = None, 0.0
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        name, _, parameters = part.partition(";")
        found = _matching(name.strip().lower())
        quality = _quality(parameters)
        if found and quality > liked:
            best, liked = found, quality
    if best is None:
        raise Refused(406, f"Answers cannot be written as {accept[:80]!r}; accept {_listed()}.")
    return best


def written(answer: dict[str, Any], form: str) -> bytes:
    """Return a whole answer in a format; a CSV has its predictions only."""
    if form == JSON:
        return json.dumps(answer).encode()
    return _csv(answer["predictions"]) if form == CSV else _arrow(answer)


def _matching(name: str) -> str | None:
    if name in FORMATS:
        return name
    return {"*/*": JSON, "application/*": JSON, "text/*": CSV}.get(name)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(float(value), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _listed() -> str:
    return f"{JSON}, {CSV} or {ARROW}"


def _csv(predictions: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(predictions[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(predictions)
    return text.getvalue().encode()


def _arrow(answer: dict[str, Any]) -> bytes:
    """Return the predictions as a table; what is said of all of them is in the metadata of its schema."""
    import pyarrow as pa

    table = pa.Table.from_pylist(answer["predictions"])
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in answer.items()}
    del said["predictions"]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.with_metadata(said)) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
