"""What follows from a drift, as a table of data: its kind, its severity, whether outcomes are there, who is champion.

``DEFAULT_RULES`` decide about every cell exactly once. A use case overrules cells by rules of its own
(``retrain.rules``), and no two of those may say different things about the same cell.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, product
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field

from driftgate.monitoring_policy import LabelState, MonitorName, Positive
from driftgate.records import Record
from driftgate.severity import SEVERITIES, Severity

# ``new`` took over from another version within the cooldown; it did not come back by a rollback.
ChampionState = Literal["new", "settled"]
Response = Literal["quiet", "watch", "retrain", "review", "rollback"]

LABEL_STATES: tuple[LabelState, ...] = get_args(LabelState)
CHAMPION_STATES: tuple[ChampionState, ...] = get_args(ChampionState)
# One of each group must have judged, or nobody knows whether a night is quiet: is the champion as good as it was, are
# the requests those that it knows? What the other monitors cannot judge takes nothing from that.
MUST_JUDGE: tuple[frozenset[MonitorName], ...] = (frozenset({"performance", "estimate"}), frozenset({"data"}))


class Cell(NamedTuple):
    """One place of the table."""

    drift: MonitorName
    severity: Severity
    labels: LabelState
    champion: ChampionState


class Rule(Record):
    """What follows from a drift that persists; what is left out matches everything.

    :param nights: how many of the last ``of_last`` it must drift on; None: the policy's. A monitor whose test looks at
        many nights itself needs no more than one.
    """

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    drift: MonitorName
    severity: tuple[Severity, ...] = SEVERITIES
    labels: tuple[LabelState, ...] = LABEL_STATES
    champion: tuple[ChampionState, ...] = CHAMPION_STATES
    decision: Response
    nights: Positive | None = None

    def cells(self) -> Iterator[Cell]:
        """Return every cell that the rule decides about."""
        return (Cell(*cell) for cell in product((self.drift,), self.severity, self.labels, self.champion))


MINOR: tuple[Severity, ...] = ("minor",)
GRAVE: tuple[Severity, ...] = ("major", "critical")
FRESH: tuple[LabelState, ...] = ("fresh",)
LATE: tuple[LabelState, ...] = ("late",)
NEW: tuple[ChampionState, ...] = ("new",)
SETTLED: tuple[ChampionState, ...] = ("settled",)

DEFAULT_RULES: tuple[Rule, ...] = (
    # Worse answers: train, or go back when it was the newest champion that brought them.
    Rule(name="new_champion_fails", drift="performance", champion=NEW, decision="rollback"),
    Rule(name="performance_lost", drift="performance", champion=SETTLED, decision="retrain"),
    Rule(name="concept_changed", drift="concept", decision="retrain", nights=1),
    Rule(name="retraining_pays", drift="payoff", decision="retrain", nights=1),
    # Signs of it, which matter while nobody can measure it.
    Rule(name="estimate_fell_outcomes_decide", drift="estimate", labels=FRESH, decision="watch"),
    Rule(name="estimate_fell_a_little", drift="estimate", severity=MINOR, labels=LATE, decision="review"),
    Rule(name="estimate_fell", drift="estimate", severity=GRAVE, labels=LATE, decision="retrain"),
    Rule(name="inputs_moved_a_little", drift="data", severity=MINOR, labels=FRESH, decision="watch"),
    Rule(name="inputs_moved_performance_holds", drift="data", severity=GRAVE, labels=FRESH, decision="review"),
    Rule(name="inputs_moved_a_little_labels_late", drift="data", severity=MINOR, labels=LATE, decision="review"),
    Rule(name="inputs_moved_labels_late", drift="data", severity=GRAVE, labels=LATE, decision="retrain"),
    Rule(name="scores_moved_a_little", drift="prediction", severity=MINOR, labels=FRESH, decision="watch"),
    Rule(name="scores_moved_performance_holds", drift="prediction", severity=GRAVE, labels=FRESH, decision="review"),
    Rule(name="scores_moved_a_little_labels_late", drift="prediction", severity=MINOR, labels=LATE, decision="review"),
    Rule(name="scores_moved_labels_late", drift="prediction", severity=GRAVE, labels=LATE, decision="retrain"),
    # What no training mends: a person looks.
    Rule(name="bias_grew_a_little", drift="bias", severity=MINOR, decision="watch"),
    Rule(name="new_champion_is_unfair", drift="bias", severity=("critical",), champion=NEW, decision="rollback"),
    Rule(name="bias_grew", drift="bias", severity=("major",), decision="review"),
    Rule(name="bias_grew_much", drift="bias", severity=("critical",), champion=SETTLED, decision="review"),
    Rule(name="reasons_moved_a_little", drift="attribution", severity=MINOR, decision="watch"),
    Rule(name="reasons_moved", drift="attribution", severity=GRAVE, decision="review"),
    Rule(name="serving_differs_a_little", drift="skew", severity=MINOR, decision="watch"),
    Rule(name="serving_differs_from_training", drift="skew", severity=GRAVE, decision="review"),
    Rule(name="slow_drift_a_little", drift="trend", severity=MINOR, decision="watch"),
    Rule(name="slow_drift", drift="trend", severity=GRAVE, decision="review"),
    Rule(name="people_disagree", drift="agreement", decision="review"),
    Rule(name="data_quality_fell_a_little", drift="quality", severity=MINOR, decision="watch"),
    Rule(name="data_quality_fell", drift="quality", severity=GRAVE, decision="review"),
    Rule(name="service_suffers_a_little", drift="service", severity=MINOR, decision="watch"),
    Rule(name="new_champion_breaks_service", drift="service", severity=GRAVE, champion=NEW, decision="rollback"),
    Rule(name="service_suffers", drift="service", severity=GRAVE, champion=SETTLED, decision="review"),
)


def rule_for(cell: Cell, overrides: tuple[Rule, ...]) -> Rule:
    """Return the rule that decides about a cell: one of the use case's, else the default one."""
    return table(overrides)[cell]


@cache
def table(overrides: tuple[Rule, ...]) -> dict[Cell, Rule]:
    """Return the rule of every cell; the first of the use case's that is about it, else the default one."""
    return {cell: rule for rule in reversed((*overrides, *DEFAULT_RULES)) for cell in rule.cells()}


def require_agreement(rules: Sequence[Rule]) -> None:
    """Return when no two rules say different things about the same cell.

    :raises ValueError: two do; or two have the same name
    """
    for one, other in combinations(rules, 2):
        if one.name == other.name:
            raise ValueError(f"two rules are called {one.name!r}; a verdict names the rule that decided, so rename one")
        common = set(one.cells()) & set(other.cells())
        if common and (one.decision, one.nights) != (other.decision, other.nights):
            cell = min(common)
            raise ValueError(
                f"the rules {one.name!r} and {other.name!r} contradict each other about {cell.severity} {cell.drift} "
                f"drift with {cell.labels} labels and a {cell.champion} champion ({one.decision} and "
                f"{other.decision}); narrow one of them"
            )
