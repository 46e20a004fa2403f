"""When too many rows go to quarantine, or too many of one kind: the rest must not teach a model."""

from collections.abc import Iterator

from driftgate.contracts.contract import Contract
from driftgate.contracts.tally import SliceCount, Tally

SOMETHING_LEFT, LOSS_LIMIT, LOSS_LEANS = "something_left", "loss_limit", "loss_leans"
OF_THE_WHOLE = (SOMETHING_LEFT, LOSS_LIMIT, LOSS_LEANS)  # checks that every report has
LEAST_ROWS = 30
TIMES = 3
LEAST_SHARE = 0.05
CHANCE = 0.01


def too_many(contract: Contract, tally: Tally) -> bool:
    """Return whether more rows go to quarantine than the contract allows."""
    limit = contract.max_quarantined_percent
    return limit is not None and 100 * tally.quarantined > limit * tally.rows


def leaning(contract: Contract, tally: Tally) -> dict[str, list[str]]:
    """Return, for each slice column, the values that lose too much, as sentences; no sentences when none does.

    A value leans when all of this holds: it has at least 30 rows; the share of its rows that go to quarantine is more
    than three times that of all other rows; it is above five percent, and above the contract's limit; and so many would
    be lost by chance with a probability below one percent, by the binomial test with the share of the others (one lost
    row and one kept row added, so that it is never zero), divided among all values of the column that were tested.
    """
    return {name: list(_leaning(contract, tally, values)) for name, values in tally.slices.items()}


def _leaning(contract: Contract, tally: Tally, values: dict[str, SliceCount]) -> Iterator[str]:
    tested = {value: count for value, count in values.items() if LEAST_ROWS <= count.rows < tally.rows}
    least = max(LEAST_SHARE, (contract.max_quarantined_percent or 0) / 100)
    for value, count in sorted(tested.items()):
        others, lost_others = tally.rows - count.rows, tally.quarantined - count.quarantined
        share, share_others = count.quarantined / count.rows, lost_others / others
        if share <= max(least, TIMES * share_others):
            continue
        chance = _probability(count.quarantined, count.rows, (lost_others + 1) / (others + 2))
        if chance * len(tested) < CHANCE:
            yield f"{value}: {100 * share:.1f} % of {count.rows} rows, {100 * share_others:.1f} % of the others"


def _probability(lost: int, rows: int, share: float) -> float:
    """Return the probability that ``lost`` of ``rows`` rows or more are lost, each with probability ``share``."""
    from scipy.stats import binom

    return float(binom.sf(lost - 1, rows, share))
