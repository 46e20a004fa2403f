"""Names that move between versions. The metadata decides, by compare-and-swap and with history; MLflow shows it."""

from driftgate.errors import Conflict
from driftgate.metadata import Entry, metadata
from driftgate.records import Record, parse_record
from driftgate.registry.versions import ModelVersion, find_model

KIND = "alias"
CHAMPION = "champion"


class Alias(Record):
    """Which version a name points at, and which one it pointed at before."""

    schema_version: int = 1
    use_case: str
    alias: str
    version: str
    previous: str | None


def champion(use_case_name: str) -> ModelVersion | None:
    """Return the version that serves, None before the first one."""
    version = champion_version(use_case_name)
    return find_model(use_case_name, version) if version else None


def champion_version(use_case_name: str) -> str | None:
    """Return the number of the version that serves, without looking at its package; None before the first one."""
    entry = metadata().latest(KIND, f"{use_case_name}/{CHAMPION}")
    return _alias(entry).version if entry else None


def former_champions(use_case_name: str) -> list[str]:
    """Return the numbers of the versions that served before the one that does, each once, the newest first."""
    served = [_alias(entry).version for entry in metadata().history(KIND, f"{use_case_name}/{CHAMPION}")]
    return [version for version in dict.fromkeys(reversed(served)) if version != served[-1]]


def set_champion(use_case_name: str, version: str, *, expected: str | None) -> ModelVersion:
    """Point the alias ``champion`` at a version; see :func:`move_alias`."""
    return move_alias(use_case_name, CHAMPION, version, expected=expected)


def move_alias(use_case_name: str, alias: str, version: str, *, expected: str | None) -> ModelVersion:
    """Point ``alias`` at a version and return the version. Pointing it there again completes what a crash left.

    :param expected: the version that it points at, as far as the caller knows; None when it points at none yet
    :raises ConfigError: there is no such version
    :raises Conflict: it points somewhere else, or another process moved it at the same moment
    """
    from driftgate.registry.tracking import show_alias

    model = find_model(use_case_name, version)
    subject = f"{use_case_name}/{alias}"
    entry = metadata().latest(KIND, subject)
    current = _alias(entry).version if entry else None
    if current not in (expected, version):
        raise Conflict(
            f"{alias} of {use_case_name} is version {current}, not {expected or 'none'}: someone moved it first."
        )
    if current != version:
        moved = Alias(use_case=use_case_name, alias=alias, version=version, previous=current)
        metadata().append(KIND, subject, moved.model_dump(mode="json"), expected=entry.revision if entry else 0)
    show_alias(use_case_name, alias, version)
    return model


def _alias(entry: Entry) -> Alias:
    return parse_record(entry.body, Alias, where=f"alias {entry.subject}")
