"""Captures that were erased with their subject: their numbers stay, so that nobody takes them for lost."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from driftgate import uris
from driftgate.lake import lake
from driftgate.records import canonical_json, sha256

SUFFIX = ".erased.json"


class Erased(NamedTuple):
    """One capture that is gone; ``answered``: a caller got its score."""

    run: str
    sequence: int
    answered: bool


def record_erased(folder: str, captures: Iterable[dict[str, Any]]) -> None:
    """Note the numbers of captures, as they were stored, before they are erased from a day's ``folder``."""
    numbers = [
        [one["run"], one["sequence"], one["score"] is not None and one["variant_role"] != "shadow"]
        for one in captures
        if one.get("run")
    ]
    if numbers:
        data = canonical_json(numbers)
        lake().write(f"{folder}/{sha256(data)[:16]}{SUFFIX}", data)


def erased_numbers(use_case_name: str, day: str) -> Sequence[Erased]:
    """Return what was erased of one day, each capture once."""
    paths = [path for path in lake().list(uris.captures(use_case_name, day)) if path.endswith(SUFFIX)]
    return sorted({Erased(*one) for path in paths for one in json.loads(lake().read(path))})
