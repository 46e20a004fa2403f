"""What an endpoint counted of one use case and day, beside the captures and apart from them."""

import json

from driftgate import uris
from driftgate.lake import lake
from driftgate.records import Record, parse_record

SUFFIX = ".tally.json"


class Tally(Record):
    """The counts of one run of an endpoint, written into the lake every few seconds.

    :param answers: rows that callers got an answer to, counted where the answer is made, not where it is captured
    :param left_out: those of them that the use case's share leaves out of the captures
    :param captures: the last number that a capture got
    """

    schema_version: int = 1
    run: str
    use_case: str
    day: str
    answers: int
    left_out: int
    captures: int

    @property
    def path(self) -> str:
        """Where it lies: beside the captures."""
        return f"{uris.captures(self.use_case, self.day)}/{self.run}{SUFFIX}"


def read_tallies(use_case_name: str, day: str) -> list[Tally]:
    """Return what every run of an endpoint counted of one day."""
    paths = [path for path in lake().list(uris.captures(use_case_name, day)) if path.endswith(SUFFIX)]
    return [parse_record(json.loads(lake().read(path)), Tally, where=lake().uri(path)) for path in paths]
