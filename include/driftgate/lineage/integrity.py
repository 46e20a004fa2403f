"""Checking that a chain is whole: nothing altered, nothing removed, nothing moved."""

from driftgate.lake import lake
from driftgate.lineage import chain
from driftgate.lineage.record import LineageRecord, content_hash


def verify(stream: str) -> list[str]:
    """Return one sentence per record that was altered, removed or put elsewhere; empty when the chain holds."""
    store = lake()
    paths = chain.record_paths(store, stream)
    found = dict(zip(map(chain.sequence_of, paths), chain.read_all(store, paths), strict=True))
    newest, newest_hash = chain.head(store, stream) or (0, None)
    problems: list[str] = []
    previous: LineageRecord | None = None
    for sequence in range(1, max([newest, *found]) + 1):
        where, record = chain.path_of(stream, sequence), found.get(sequence)
        if sequence not in found:
            problems.append(f"{where} was removed: the chain went on after it.")
        elif problem := _problem(record, previous, where, first=sequence == 1):
            problems.append(problem)
        elif sequence == newest and record and record.hash != newest_hash:
            problems.append(f"{where} is not the record that was written there: head.json knows another hash.")
        previous = record
    return problems


def _problem(record: LineageRecord | None, previous: LineageRecord | None, where: str, *, first: bool) -> str | None:
    if record is None:
        return f"{where} cannot be read as a lineage record: it was altered."
    if content_hash(record.event) != record.hash:
        return f"{where} was altered: its content does not give the hash that it carries."
    if chain.path_of(record.stream, record.sequence) != where:
        return f"{where} holds the record of another place, {chain.path_of(record.stream, record.sequence)}."
    follows = record.previous_hash is None if first else previous is None or record.previous_hash == previous.hash
    return None if follows else f"{where} does not follow the record before it: one of the two was altered or replaced."
