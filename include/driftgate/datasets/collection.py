"""Removing the data of dataset versions that nobody needs. Tags stay: history says that there was such a version."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from driftgate.datasets.dvc import DvcFailed, Stored, remove, remove_rests, stored
from driftgate.datasets.holds import holds
from driftgate.datasets.removal import record_removal, removals
from driftgate.datasets.restore import all_versions
from driftgate.errors import ConfigError
from driftgate.settings import settings

# A preparation that is under way has written its data, not yet its tag; it takes minutes.
YOUNG = timedelta(hours=1)


class Versioned(Protocol):
    """What the decision looks at."""

    @property
    def name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def objects(self) -> tuple[str, ...]: ...


Version = TypeVar("Version", bound=Versioned)


def garbage(versions: Iterable[Version], protected: Collection[str], keep_newest: int) -> tuple[Version, ...]:
    """Return the versions whose data may go: neither ``protected`` by name nor of the newest days of their subject.

    :param keep_newest: how many days of each use case or set of files to keep, with all the versions of those days
    """
    every = list(versions)
    days: dict[str, set[str]] = {}
    for version in every:
        days.setdefault(version.subject, set()).add(version.key)
    newest = {subject: sorted(keys)[max(len(keys) - keep_newest, 0) :] for subject, keys in days.items()}
    return tuple(
        version for version in every if version.name not in protected and version.key not in newest[version.subject]
    )


def unshared(going: Iterable[Versioned], versions: Iterable[Versioned]) -> dict[str, tuple[str, ...]]:
    """Return, by name, the objects of the versions that are ``going`` which no other one of ``versions`` has."""
    leaving = list(going)
    names = {version.name for version in leaving}
    needed = {md5 for version in versions if version.name not in names for md5 in version.objects}
    return {version.name: tuple(md5 for md5 in version.objects if md5 not in needed) for version in leaving}


@dataclass(frozen=True)
class Plan:
    """What a collection removes: the objects by version, and their size.

    Besides what is needed, those of the ``newest`` days stay, and those that are too ``young``.
    """

    objects: dict[str, tuple[str, ...]]
    bytes: int
    young: tuple[str, ...]
    newest: tuple[str, ...]


def plan_collection(needed: Collection[str], keep_newest: int) -> Plan:
    """Return what may be removed now.

    :param needed: names of the versions that models need; held ones are kept besides
    :raises ConfigError: the DVC remote does not answer as it should
    """
    gone = removals()
    versions = [version for version in all_versions() if version.name not in gone]
    protected = {*needed, *holds()}
    there = {md5: _stored(md5) for each in _going(versions, protected, keep_newest).values() for md5 in each}
    border = datetime.now(UTC) - YOUNG
    fresh = {md5 for md5, found in there.items() if found and found.written_at > border}
    young = {version.name for version in versions if fresh & set(version.objects)}
    objects = _going(versions, protected | young, keep_newest)
    size = sum(found.bytes for md5 in {md5 for each in objects.values() for md5 in each} if (found := there[md5]))
    newest = {version.name for version in versions} - protected - young - objects.keys()
    return Plan(objects, size, tuple(sorted(young - protected)), tuple(sorted(newest)))


def _going(versions: Sequence[Version], protected: Collection[str], keep_newest: int) -> dict[str, tuple[str, ...]]:
    return unshared(garbage(versions, protected, keep_newest), versions)


def collect(plan: Plan, *, actor: str, reason: str) -> None:
    """Remove what ``plan`` names. Ended half-way, it is simply done again.

    :raises ConfigError: the DVC remote refuses it
    """
    try:
        for name, objects in plan.objects.items():
            for md5 in objects:
                remove(md5)
            record_removal(name, objects, actor=actor, reason=reason)  # last, or nobody would look for the rest again
        remove_rests(datetime.now(UTC) - YOUNG)
    except DvcFailed as error:
        raise _refused(error) from None


def _stored(md5: str) -> Stored | None:
    try:
        return stored(md5)
    except DvcFailed as error:
        raise _refused(error) from None


def _refused(error: DvcFailed) -> ConfigError:
    return ConfigError(
        f"The DVC remote {settings().dvc_remote} does not let us look or remove ({error}); make it writable, or "
        "correct 'dvc_remote' in the settings file, and run this again."
    )
