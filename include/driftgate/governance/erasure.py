"""Forgetting a subject: its rows leave the lake for good, and nothing brings them back.

The tombstone comes first, so that from then on ingestion holds the subject out; then raw, validated and quarantined
partitions, captures and caches; last the tombstone is completed with what held the subject. Dying in between loses
nothing: run it again. Dataset versions are immutable: those that hold the subject are named, with their models.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from driftgate import uris
from driftgate.contracts import Contract, load_contract, publish_partition, validate_partition
from driftgate.contracts.withdrawals import (
    Withdrawal,
    key_check,
    record_withdrawal,
    require_same_key,
    withdrawal_of,
    withdrawals,
)
from driftgate.datasets import DatasetVersion, list_versions
from driftgate.errors import ConfigError, ContractBroken
from driftgate.governance.erase_captures import erase_captures, forget_prepared
from driftgate.governance.erase_online import erase_online
from driftgate.governance.erase_rows import Erased, erase_rows, holds
from driftgate.governance.subject import Subject, subject_of
from driftgate.lake import Store, lake
from driftgate.lake.manifest import POINTER
from driftgate.lineage import DatasetRef, emit
from driftgate.profiles import profile_partition, read_profile
from driftgate.registry import list_models
from driftgate.settings import home
from driftgate.use_cases import use_case_names
from driftgate.wall_clock import wall_clock

JOB = "driftgate.forget"

Eraser = Callable[[Subject], int]
"""Erases a subject from one more store and returns how many entries went."""

ERASERS: list[Eraser] = [erase_online]
"""Stores beside the lake; whoever adds one to the project adds its eraser here."""


@dataclass(frozen=True)
class Seen:
    """What held a subject: partitions (with the hashes of their manifests), dataset versions, models."""

    partitions: dict[str, frozenset[str]] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def forget(dataset: str, pairs: Sequence[str], *, reason: str, by: str, now: datetime | None = None) -> Withdrawal:
    """Erase the subject that ``pairs`` (``COLUMN=VALUE``) name and return its tombstone.

    :param now: the wall-clock of the project, if another than the machine's
    :raises ConfigError: the subject, the reason or the name is missing or wrong, or the key for tombstones is not set
    """
    if not reason.strip() or not by.strip():
        raise ConfigError("An erasure is recorded with who asked for it and why; give both.")
    contract = load_contract(dataset)
    subject = subject_of(contract, pairs)
    store = lake()
    known, seen = _known(subject) or _new(subject, now or wall_clock()), _seen(store, subject)
    held = {
        "partitions": _with(known.partitions, seen.partitions),
        "versions": _with(known.versions, seen.versions),
        "models": _with(known.models, seen.models),
    }
    tombstone = known.model_copy(update={**held, "reason": reason, "by": by, "done": False})
    record_withdrawal(tombstone)
    rows = _erase_everywhere(store, subject, seen)
    done = tombstone.model_copy(update={"done": True, "rows": tombstone.rows + rows})
    record_withdrawal(done)
    return done


def who_saw(dataset: str, pairs: Sequence[str]) -> Seen:
    """Return what holds a subject now, and what held it when it was erased."""
    subject = subject_of(load_contract(dataset), pairs)
    now, before = _seen(lake(), subject), _known(subject)
    if before is None:
        return now
    gone = {path: now.partitions.get(path, frozenset()) for path in before.partitions}
    return Seen({**gone, **now.partitions}, _with(before.versions, now.versions), _with(before.models, now.models))


def contains_withdrawn(name: str) -> bool:
    """Return whether the dataset version or model (``flight_delays/3``) was made from rows of a withdrawn subject."""
    return any(name in (*item.versions, *item.models) for item in withdrawals())


def _new(subject: Subject, at: datetime) -> Withdrawal:
    name = subject.contract.name
    known_by = {"columns": subject.columns, "subject": subject.hash, "key_check": key_check(name)}
    return Withdrawal(dataset=name, **known_by, reason="", by="", at=at, done=False)


def _known(subject: Subject) -> Withdrawal | None:
    known = withdrawal_of(subject.contract.name, subject.hash)
    for item in withdrawals(subject.contract.name):
        require_same_key(item)
    return known


def _seen(store: Store, subject: Subject) -> Seen:
    published = subject.as_published()
    marks = {"raw": subject.as_delivered(), "validated": published, "quarantine": published}
    found = {
        path: digests
        for zone, marked in marks.items()
        if marked is not None
        for path in _folders(store, zone, subject.contract)
        if (digests := holds(store, path, marked))
    }
    days = {path.partition("/")[2] for path in found if path.startswith("raw/")} if published is None else set()
    versions = [version for name in use_case_names() for version in list_versions(name) if _reads(version, found, days)]
    names = {version.name for version in versions}
    models = [
        f"{name}/{model.version}"
        for name in use_case_names()
        for model in list_models(name)
        if model.dataset_version in names
    ]
    return Seen(found, tuple(sorted(names)), tuple(models))


def _reads(version: DatasetVersion, found: dict[str, frozenset[str]], days: set[str]) -> bool:
    """Whether a version was made from content with the subject, or from one of the ``days`` that may have it."""
    return any(
        digest in found.get(path, frozenset()) or path.partition("/")[2] in days for path, digest in version.pinned
    )


def _folders(store: Store, zone: str, contract: Contract) -> list[str]:
    return sorted({"/".join(path.split("/")[:3]) for path in store.list(f"{zone}/{contract.name}")})


def _erase_everywhere(store: Store, subject: Subject, seen: Seen) -> int:
    contract, keys, rows = subject.contract, set[str](), 0
    for key in sorted(
        {path.split("/")[2] for zone in ("raw", "validated") for path in _folders(store, zone, contract)}
    ):
        erased = _erase_day(store, subject, key)
        if any(item.replaced for item in erased.values()):
            keys.add(key)
            rows += max(item.rows for item in erased.values())
            _after(store, contract, key, erased)
    forget_prepared(store, subject, keys | {path.split("/")[2] for path in seen.partitions})
    rows += erase_captures(store, subject)
    for version in seen.versions:
        shutil.rmtree(home() / "datasets" / version, ignore_errors=True)  # a copy; the version itself is immutable
    return rows + sum(erase(subject) for erase in ERASERS)


def _erase_day(store: Store, subject: Subject, key: str) -> dict[str, Erased]:
    """Erase the subject from one day of the dataset and return what was done, by folder."""
    name, published = subject.contract.name, subject.as_published()
    raw = erase_rows(store, uris.partition("raw", name, key), subject.as_delivered())
    erased = {uris.partition("raw", name, key): raw}
    if published is None:
        if raw.replaced:
            _judge_again(store, name, key)
        return erased
    for zone in ("validated", "quarantine"):
        path = uris.partition(zone, name, key)
        erased[path] = erase_rows(store, path, published, inputs=raw.replaced)
    return erased


def _judge_again(store: Store, dataset: str, key: str) -> None:
    """Publish a day anew from its raw rows, for the subject's rows cannot be told apart in the published ones.

    Content that they may be in is deleted first. If the rest breaks a critical rule, the day is published no more.
    """
    if not store.exists(f"{uris.partition('validated', dataset, key)}/{POINTER}"):
        return
    for zone in ("validated", "quarantine"):
        path = uris.partition(zone, dataset, key)
        for name in store.list(path):
            if name.endswith((".parquet", f"/{POINTER}")):
                store.delete(name)
    try:
        validate_partition(dataset, key)
        publish_partition(dataset, key)
    except ContractBroken:
        return


def _after(store: Store, contract: Contract, key: str, erased: dict[str, Erased]) -> None:
    """Describe the day anew where its description may show the subject, and record where its content came from."""
    if read_profile(contract.name, key) and store.exists(
        f"{uris.partition('validated', contract.name, key)}/{POINTER}"
    ):
        profile_partition(contract.name, key, hidden=contract.masked)
    refs = list(_refs(erased))
    emit(
        contract.source,
        job=JOB,
        run_id=f"{JOB}/{contract.name}/{key}/{'-'.join(sorted(new.version or '' for _, new in refs))}",
        inputs=[old for old, _ in refs],
        outputs=[new for _, new in refs],
    )


def _refs(erased: dict[str, Erased]) -> Iterator[tuple[DatasetRef, DatasetRef]]:
    for path, item in erased.items():
        for old, new in item.replaced.items():
            yield DatasetRef(path, old), DatasetRef(path, new)


def _with(known: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*known, *more}))
