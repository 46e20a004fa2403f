"""The profile of a partition in the lake, and the page beside it that people read."""

from collections.abc import Collection, Iterable
from itertools import chain

from driftgate import uris
from driftgate.lake import Manifest, Store, lake, read_batches, read_manifest, read_record, read_table
from driftgate.profiles.findings import findings
from driftgate.profiles.page import render_page
from driftgate.profiles.profile import Profile, profile_batches
from driftgate.profiles.quality import RuleResult, quality_scores


def profile_partition(
    dataset: str, key: str, *, hidden: Collection[str] = (), results: Iterable[RuleResult] = ()
) -> Profile:
    """Write the profile of a validated partition and its page to the lake, and return the profile.

    :param hidden: columns whose values must not be shown: only counts of them are kept
    :param results: how the rules of the contract fared, for the quality scores
    :raises SourceMissing: the partition is not published
    """
    store = lake()
    manifest = read_manifest(store, uris.partition("validated", dataset, key))
    profile = _profile(store, manifest, hidden)
    profile = profile.model_copy(
        update={"quality": quality_scores(profile.columns, results), "findings": findings(profile.columns)}
    )
    earlier = previous_key(dataset, key)
    before = read_profile(dataset, earlier) if earlier else None
    store.write(uris.profile(dataset, key, "html"), render_page(dataset, key, profile, before, earlier))
    store.write(uris.profile(dataset, key), profile.canonical())
    return profile


def previous_key(dataset: str, key: str) -> str | None:
    """Return the newest partition before ``key`` that has a profile, or None."""
    path, suffix = uris.profile(dataset, "").rsplit("/", 1)
    profiles = [name.rsplit("/", 1)[-1] for name in lake().list(path) if name.endswith(suffix)]
    return max((name.removesuffix(suffix) for name in profiles if name.removesuffix(suffix) < key), default=None)


def _profile(store: Store, manifest: Manifest, hidden: Collection[str]) -> Profile:
    import pyarrow as pa

    batches = read_batches(store, manifest)
    first = next(batches, None) or pa.RecordBatch.from_pylist([], read_table(store, manifest).schema)  # without rows
    return profile_batches(chain([first], batches), first.schema, hidden=hidden)


def read_profile(dataset: str, key: str) -> Profile | None:
    """Return the profile of a partition, or None when none was written."""
    return read_record(uris.profile(dataset, key), Profile)
