"""The record of an incident: which version is suspected, of harm on which days, and who said so."""

from driftgate.errors import ConfigError, nearest
from driftgate.metadata import Entry, metadata
from driftgate.partition_keys import keys_between
from driftgate.records import Record, canonical_json, parse_record, sha256
from driftgate.registry import find_model
from driftgate.use_cases import UseCase

KIND = "incident"


class Incident(Record):
    """One incident; ``id`` follows from what is suspected, so that opening it again finds it."""

    schema_version: int = 1
    use_case: str
    id: str
    version: str
    first_day: str
    last_day: str
    actor: str
    reason: str

    @property
    def cause(self) -> str:
        """The reason of everything that is done because of it."""
        return f"incident {self.id}: {self.reason}"


def open_incident(
    use_case: UseCase, version: str, *, first_day: str, last_day: str, actor: str, reason: str
) -> Incident:
    """Record an incident and return it; one with the same version, days and reason is the same incident.

    :raises ConfigError: there is no such version, the days are none or the wrong way round, or there is no reason
    """
    find_model(use_case.name, version)
    keys_between(first_day, last_day)
    if not reason.strip():
        raise ConfigError(f"An incident of {use_case.name} needs a reason; say in a few words what was seen.")
    identity = sha256(canonical_json([use_case.name, version, first_day, last_day, reason]))
    incident = Incident(
        use_case=use_case.name,
        id=f"{last_day}-{identity[:7]}",
        version=version,
        first_day=first_day,
        last_day=last_day,
        actor=actor,
        reason=reason,
    )
    if before := metadata().latest(KIND, _subject(use_case.name, incident.id)):
        return _parse(before)
    return _parse(
        metadata().append(KIND, _subject(use_case.name, incident.id), incident.model_dump(mode="json"), expected=0)
    )


def find_incident(use_case_name: str, incident_id: str) -> Incident:
    """Return one incident.

    :raises ConfigError: there is none of that id
    """
    if entry := metadata().latest(KIND, _subject(use_case_name, incident_id)):
        return _parse(entry)
    known = [one.id for one in incidents(use_case_name)]
    raise ConfigError(f"{use_case_name} has no incident {incident_id!r}{nearest(incident_id, known)}")


def incidents(use_case_name: str) -> list[Incident]:
    """Return the incidents of a use case."""
    return [_parse(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]


def _subject(use_case_name: str, incident_id: str) -> str:
    return f"{use_case_name}/{incident_id}"


def _parse(entry: Entry) -> Incident:
    return parse_record(entry.body, Incident, where=f"the incident {entry.subject}")
