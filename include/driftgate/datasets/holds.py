"""Holds: a dataset version that somebody wants kept, whatever serves, until the hold is released."""

from driftgate.errors import ConfigError, nearest
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record

KIND = "dataset_hold"


class Hold(Record):
    """Who holds a version and why; released when ``held`` is false."""

    schema_version: int = 1
    name: str
    held: bool
    actor: str
    reason: str


def holds() -> dict[str, Hold]:
    """Return the versions that are held now."""
    found = [parse_record(entry.body, Hold, where=f"hold of {entry.subject}") for entry in metadata().all_latest(KIND)]
    return {hold.name: hold for hold in found if hold.held}


def hold(name: str, *, actor: str, reason: str) -> Hold:
    """Keep the version ``name``, which exists, until :func:`release_hold`."""
    return _append(Hold(name=name, held=True, actor=actor, reason=reason))


def release_hold(name: str, *, actor: str, reason: str) -> Hold:
    """Keep the version ``name`` no longer.

    :raises ConfigError: it is not held
    """
    held = holds()
    if name not in held:
        raise ConfigError(f"There is no hold on {name!r}{nearest(name, held)}")
    return _append(Hold(name=name, held=False, actor=actor, reason=reason))


def _append(record: Hold) -> Hold:
    if not record.reason.strip():
        raise ConfigError(f"A hold of {record.name} needs a reason; say in a few words who needs it and for what.")
    metadata().append(KIND, record.name, record.model_dump(mode="json"))
    return record
