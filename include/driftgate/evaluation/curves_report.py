"""How scores and outcomes lie, as an evaluation records it for its plots; no value of any row is in it."""

from driftgate.records import Record


class ReliabilityBin(Record):
    """A tenth of the validation rows by score, lowest first: what the model said and what came true, on average."""

    rows: int
    mean_score: float
    mean_label: float


class Distribution(Record):
    """The share of rows in each bin between ``Curves.edges``, of one model.

    In a binary problem it is of scores, apart by ``outcome``; in a regression of score less label.
    """

    model: str
    outcome: bool | None
    shares: tuple[float, ...]


class Gains(Record):
    """Which share of all positive rows is among the rows of highest score, at each of ``Curves.asked``."""

    model: str
    found: tuple[float, ...]


class Curves(Record):
    """``asked`` are shares of the rows, highest scores first; ``gains`` is empty in a regression."""

    edges: tuple[float, ...]
    distributions: tuple[Distribution, ...]
    asked: tuple[float, ...] = ()
    gains: tuple[Gains, ...] = ()
    champion_reliability: tuple[ReliabilityBin, ...] = ()
