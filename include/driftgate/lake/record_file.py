"""Records that lie in the lake, one a file."""

import json

from driftgate.lake.store import lake
from driftgate.records import RecordType, parse_record


def read_record(path: str, kind: type[RecordType]) -> RecordType | None:
    """Return the record at ``path``, None when nothing is there.

    :raises ConfigError: it is no record of this kind
    """
    if not lake().exists(path):
        return None
    return parse_record(json.loads(lake().read(path)), kind, where=lake().uri(path))
