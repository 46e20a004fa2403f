"""Dataset versions whose data were removed: the tag stays as history, a record says by whom, when and why."""

from datetime import datetime

from driftgate.metadata import Entry, metadata
from driftgate.records import Record, parse_record

KIND = "dataset_data"


class Removal(Record):
    """What happened to the data of one dataset version; ``present`` again once it was prepared anew."""

    schema_version: int = 1
    name: str
    present: bool
    actor: str
    reason: str
    objects: tuple[str, ...] = ()  # the md5 of each object that went; others need the rest


def removal_of(name: str) -> Removal | None:
    """Return why the data of the version ``name`` are gone, None if they are not."""
    entry = metadata().latest(KIND, name)
    found = _parsed(entry) if entry else None
    return found if found and not found.present else None


def removals() -> dict[str, tuple[Removal, datetime]]:
    """Return the versions whose data are gone, with the moment they went."""
    found = [(_parsed(entry), entry.written_at) for entry in metadata().all_latest(KIND)]
    return {removal.name: (removal, moment) for removal, moment in found if not removal.present}


def record_removal(name: str, objects: tuple[str, ...], *, actor: str, reason: str) -> None:
    """Say that the data of the version ``name`` are gone."""
    _append(Removal(name=name, present=False, actor=actor, reason=reason, objects=objects))


def data_are_back(name: str) -> None:
    """Say that the data of the version ``name`` are there again; nothing happens where they never went."""
    if removal_of(name):
        _append(Removal(name=name, present=True, actor="driftgate", reason="prepared again"))


def _append(removal: Removal) -> None:
    metadata().append(KIND, removal.name, removal.model_dump(mode="json"))


def _parsed(entry: Entry) -> Removal:
    return parse_record(entry.body, Removal, where=f"removal of {entry.subject}")
