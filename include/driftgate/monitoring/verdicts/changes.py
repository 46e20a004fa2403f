"""What nights were answered and judged by, and when that changed: model, data, code, image, serving, policy.

A verdict has its champion and policy, a release what belonged to the switch to that champion; nothing else is kept. So
neither verdicts nor evidence depend on where a model was registered, and a replayed night has the bytes of a live one.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from driftgate.monitoring.verdicts.record import Verdict, verdicts
from driftgate.registry.releases import Release, releases

SHORT = 12  # characters of a hash


class Change(NamedTuple):
    """Something that was another one on the night before; empty: there was none, or no release names it."""

    key: str
    what: str
    before: str
    after: str


def changes(use_case_name: str) -> Iterator[Change]:
    """Yield what changed from night to night, oldest first; nights that were decided as a backfill are left out."""
    of_version = {one.version: one for one in releases(use_case_name)}  # its newest
    nights = [one for one in verdicts(use_case_name) if not one.backfill]
    for before, after in pairwise(nights):
        then, now = (_facts(night, of_version.get(night.champion or "")) for night in (before, after))
        yield from (Change(after.key, what, then[what], now[what]) for what in now if now[what] != then[what])


def _facts(verdict: Verdict, release: Release | None) -> dict[str, str]:
    found: dict[str, str | None] = {"champion": verdict.champion, "retrain policy": verdict.policy.hash[:SHORT]}
    found |= dict.fromkeys(("dataset version", "package", "features.sql", "code", "image", "serve"))
    if release:
        found |= {
            "dataset version": release.dataset_version,
            "package": release.package_sha256[:SHORT],
            "features.sql": (release.feature_set_sha256 or "")[:SHORT],
            "code": release.code_revision[:SHORT],
            "image": release.image_digest,
            "serve": release.endpoint.serve_sha256[:SHORT],
        }
    return {what: value or "" for what, value in found.items()}
