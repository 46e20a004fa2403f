"""Which rows a decision of a person is about."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate.contracts.decisions import Action, RowRef, row_digests
from driftgate.contracts.scan import Scanned
from driftgate.contracts.validate import Partition
from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    from driftgate.contracts.mask import Mask

MOST_ROWS = 10_000  # who wants to let more rows pass wants another contract


@dataclass(frozen=True)
class Selection:
    """What a person asked for: all open rows, those that break ``rule``, or ``rows`` by their numbers."""

    action: Action
    rule: str | None
    rows: frozenset[int]


def select_rows(partition: Partition, wanted: Selection) -> tuple[tuple[RowRef, ...], int]:
    """Return the rows that the decision is about, and how many it leaves alone because they break other rules too.

    Rows by number about which the same was decided already are left out.

    :raises ConfigError: the rule is unknown, a row breaks no rule, or it is too many rows
    """
    _check_rule(partition, wanted)
    closed = _closed(partition, wanted)
    chosen: list[RowRef] = []
    seen: set[int] = set()
    left = 0
    for scanned in partition.scan.deciding((), ()):
        mask, alone = _asked(partition, scanned, wanted, closed)
        seen |= wanted.rows & set(_numbers(scanned, scanned.quarantined))
        left += int((mask & ~alone).sum())
        chosen += _references(scanned, mask & alone)
        if len(chosen) > MOST_ROWS:
            raise ConfigError(
                f"More than {MOST_ROWS} rows of {_name(partition)} were chosen, too many to decide on one by one; "
                "change the contract, or have them delivered again."
            )
    if unknown := wanted.rows - seen:
        raise ConfigError(
            f"Row {min(unknown)} of {_name(partition)} is not in quarantine; 'driftgate quarantine show' lists those "
            "that are."
        )
    return tuple(chosen), left


def _closed(partition: Partition, wanted: Selection) -> Collection[int]:
    """Return the numbers of the rows that the decision is not about, because of an earlier one."""
    released, discarded = partition.decided.released, partition.decided.discarded
    if wanted.rows:
        return released if wanted.action == "release" else discarded
    return released | discarded


def _asked(partition: Partition, scanned: Scanned, wanted: Selection, closed: Collection[int]) -> "tuple[Mask, Mask]":
    """Return, for each row, whether it is asked for, and whether nothing speaks against it."""
    import numpy as np

    numbers = np.arange(scanned.first, scanned.first + scanned.rows.num_rows)
    mask = scanned.quarantined & ~np.isin(numbers, list(closed))
    alone = np.ones(len(mask), dtype=np.bool_)
    if wanted.rows:
        mask &= np.isin(numbers, list(wanted.rows))
    if wanted.rule:
        mask &= scanned.broken.get(wanted.rule, np.zeros(len(mask), dtype=np.bool_))
    if wanted.rule and wanted.action == "release":
        for rule in partition.contract.row_rules:
            if rule.id != wanted.rule and rule.id in scanned.broken:
                alone &= ~scanned.broken[rule.id]
    return mask, alone


def _references(scanned: Scanned, mask: "Mask") -> Iterator[RowRef]:
    import pyarrow as pa

    digests = row_digests(scanned.rows.filter(pa.array(mask)))
    for number, digest in zip(_numbers(scanned, mask), digests, strict=True):
        yield RowRef(number=number, sha256=digest)


def _numbers(scanned: Scanned, mask: "Mask") -> list[int]:
    import numpy as np

    numbers: list[int] = (np.flatnonzero(mask) + scanned.first).tolist()
    return numbers


def _check_rule(partition: Partition, wanted: Selection) -> None:
    known = [rule.id for rule in partition.contract.row_rules]
    if wanted.rule and wanted.rows:
        raise ConfigError(f"Rows of {_name(partition)} are chosen by their rule or by their numbers, not by both.")
    if wanted.rule and wanted.rule not in known:
        raise ConfigError(
            f"{partition.contract.label} has no rule {wanted.rule!r} for rows{nearest(wanted.rule, known)}"
        )


def _name(partition: Partition) -> str:
    return f"{partition.contract.name} {partition.key}"
