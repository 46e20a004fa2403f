"""The rules of a contract as they judge one partition: with bounds from earlier ones, and what other datasets know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.history import HISTORICAL, earlier_reports, with_bounds
from driftgate.errors import SourceMissing
from driftgate.lake import Store, read_batches, read_manifest

if TYPE_CHECKING:
    from driftgate.contracts.mask import Known


@dataclass(frozen=True)
class Resolved:
    """``rules`` judge the partition; the others cannot, and ``notes`` say why.

    ``known`` gives, for each rule about another dataset, the values that occur there.
    """

    rules: tuple[Rule, ...]
    notes: Mapping[str, str] = field(default_factory=dict)
    known: "Mapping[str, Known]" = field(default_factory=dict)


def resolve(contract: Contract, rules: Sequence[Rule], key: str, store: Store) -> Resolved:
    """Return ``rules``, some of the contract's, for the partition ``key``.

    :raises SourceMissing: a rule that may stop rows refers to a partition that is not published; one that only warns is
        not judged then
    """
    judging: list[Rule] = []
    notes: dict[str, str] = {}
    known: dict[str, Known] = {}
    for rule in rules:
        judges: Rule | None = rule
        if rule.kind in HISTORICAL:
            judges, notes[rule.id] = with_bounds(rule, key, earlier_reports(contract, key, store, rule.history_days))
        if rule.kind == "reference":
            try:
                known[rule.id] = _known(rule, key, store)
            except SourceMissing as missing:
                if rule.severity != "warn":
                    raise _not_published(contract, rule, key) from missing
                judges, notes[rule.id] = None, f"not judged: {rule.references} is not published for this partition"
        judging += [judges] if judges else []
    return Resolved(tuple(judging), notes, known)


def _known(rule: Rule, key: str, store: Store) -> "Known":
    dataset, column = str(rule.references).split(".")
    manifest = read_manifest(store, uris.partition("validated", dataset, key))
    return lambda: read_batches(store, manifest, columns=[column])


def _not_published(contract: Contract, rule: Rule, key: str) -> SourceMissing:
    return SourceMissing(
        f"{contract.name} {key} cannot be judged: rule {rule.id} looks values up in {rule.references}, of which "
        f"{key} is not published; ingest and publish that partition first, then run this task again."
    )
