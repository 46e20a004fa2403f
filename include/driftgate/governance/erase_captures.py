"""Taking a subject out of what the endpoint was asked, and out of what was made of that."""

import json
from collections.abc import Mapping
from typing import Any

from driftgate import uris
from driftgate.captures import capture_days
from driftgate.captures.erased import record_erased
from driftgate.governance.erase_rows import erase_rows
from driftgate.governance.subject import Having, OneOf, Subject
from driftgate.lake import Store
from driftgate.use_cases import load_use_case, use_case_names


def erase_captures(store: Store, subject: Subject) -> int:
    """Erase the captured requests of the subject and the answers joined with their outcomes; return how many.

    Only requests that carry every key column, none of them masked, can be told apart. What an endpoint has not shipped
    into the lake yet is not reached: it ships within seconds, so run this again.
    """
    return sum(_erase(store, subject, name, day) for name in _use_cases(subject) for day in capture_days(name))


def forget_prepared(store: Store, subject: Subject, keys: set[str]) -> None:
    """Delete the prepared days that were made from partitions with the subject; they are made anew when needed."""
    for name in _use_cases(subject):
        for key in keys:
            for path in store.list(f"prepared/{name}/{key}"):
                store.delete(path)


def _use_cases(subject: Subject) -> list[str]:
    return [name for name in use_case_names() if subject.contract.name in load_use_case(name).datasets]


def _erase(store: Store, subject: Subject, use_case: str, day: str) -> int:
    erased: set[str] = set()
    for path in store.list(uris.captures(use_case, day)):
        if path.endswith(".jsonl"):
            erased |= _erase_from(store, path, subject)
    if erased:
        for path in (uris.joined(use_case, day), uris.reviewed_labels(use_case)):
            erase_rows(store, path, OneOf("prediction_id", frozenset(erased)))
    return len(erased)


def _erase_from(store: Store, path: str, subject: Subject) -> set[str]:
    """Rewrite one object without the subject's lines and return their prediction ids."""
    lines = store.read(path).splitlines()
    captures = [json.loads(line) for line in lines]
    forms = _forms(subject)
    gone = [capture for capture in captures if any(_is_of(json.loads(capture["features"]), values) for values in forms)]
    if not gone:
        return set()
    ids = {str(capture["prediction_id"]) for capture in gone}
    record_erased(path.rpartition("/")[0], (one for one in captures if str(one["prediction_id"]) in ids))
    kept = [line for line, capture in zip(lines, captures, strict=True) if str(capture["prediction_id"]) not in ids]
    if kept:
        store.write(path, b"\n".join(kept) + b"\n")
    else:
        store.delete(path)
    return ids


def _forms(subject: Subject) -> list[Mapping[str, Any]]:
    """Return the values by which a capture names the subject: hashed, or as delivered where captures are older."""
    published = subject.as_published()
    return [subject.values, *([published.values] if isinstance(published, Having) else [])]


def _is_of(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    import pyarrow as pa

    for name, value in values.items():
        try:
            if name not in row or not pa.scalar(row[name]).cast(value.type).equals(value):
                return False
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return False
    return True
