"""What a use case earns: the errors of the rule that it replaces less its own, less what it takes to run.

The control of ``value_usd`` is a counterfactual: the rule of thumb in each model's package
(:mod:`driftgate.models.rule`) is asked offline about the very rows that the model answered and that have an outcome.
That is causal only where an answer does not change the outcome. Where promotion keeps a share of the callers on the
rule, what they measure stands beside it (:mod:`driftgate.monitoring.control_group`).
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from driftgate import uris
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.evaluation.costs import row_costs_usd
from driftgate.evaluation.metrics import label_values
from driftgate.lake import lake, read_record
from driftgate.ledger import rows
from driftgate.ledger.budget import cost, week_of
from driftgate.models.rule import Rule
from driftgate.monitoring.answers import answers
from driftgate.monitoring.control_group import MeasuredValue, control_findings, measured_value
from driftgate.monitoring.ground_truth import read_joined, with_outcome
from driftgate.monitoring.verdicts.record import verdict_of
from driftgate.records import Record
from driftgate.registry.package import FALLBACK
from driftgate.settings import settings
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

ASKS_PEOPLE = ("review", "rollback")
WORTH_MORE_OF = 2.0  # times what it takes
Action = Literal["expand", "keep", "optimise", "sunset_review", "mend_outcomes"]


class ModelValue(Record):
    """What the errors of one model's labelled answers cost, and what those of its rule would have."""

    version: str
    rows: int
    model_usd: float
    rule_usd: float


class ValueReport(Record):
    """One week of a use case, by the days of its partitions; None is unknown.

    :param answers: that callers got, captured
    :param value_usd: of the answers with an outcome, and of no others
    :param action: what follows, with the remedy it is about
    :param measured: against a control of callers, in the four weeks up to the end of this one
    """

    schema_version: int = 1
    use_case: str
    week: str
    models: tuple[ModelValue, ...]
    answers: int
    value_usd: float | None
    infra_usd: float | None
    upkeep_usd: float | None
    review_usd: float | None
    net_usd: float | None
    action: Action
    remedy: str
    findings: tuple[str, ...]
    measured: tuple[MeasuredValue, ...] = ()


def write_value(use_case: UseCase, day: date) -> ValueReport | None:
    """Write the report of the week that ``day`` lies in, and return it; None when nobody was answered in it."""
    since, until = week_of(datetime.combine(day, time(12), ZoneInfo(settings().timezone)))
    week = f"{since:%G-W%V}"
    keys = [(since.date() + timedelta(days=n)).isoformat() for n in range(7)]
    asked = {key: answers(use_case.name, key) for key in keys}
    total = sum(table.num_rows for table in asked.values())
    if not total:
        return None
    models = tuple(_by_model(use_case, asked))
    value = sum(one.rule_usd - one.model_usd for one in models) if models else None
    known = [usd for row in rows(use_case.name, since=since, until=until) if (usd := cost(row)) is not None]
    people = use_case.value
    verdicts = (verdict_of(use_case.name, key) for key in keys)
    reviews = sum(one is not None and one.decision in ASKS_PEOPLE for one in verdicts)
    spent = {
        "infra_usd": sum(known) if known else None,
        "upkeep_usd": people.upkeep_usd_per_week if people else None,
        "review_usd": people.usd_per_review * reviews if people else None,
    }
    net = None if value is None else value - sum(usd or 0.0 for usd in spent.values())
    action, remedy = _action(use_case, since, value, net, spent)
    measured = measured_value(use_case, keys[-1])
    report = ValueReport(
        use_case=use_case.name,
        week=week,
        models=models,
        answers=total,
        value_usd=value,
        **spent,
        net_usd=net,
        action=action,
        remedy=remedy,
        findings=(*_findings(use_case, models, total, spent), *control_findings(use_case, measured)),
        measured=measured,
    )
    lake().write(uris.value(use_case.name, week), report.canonical())
    _tell(report)
    return report


def read_value(use_case_name: str, week: str) -> ValueReport | None:
    """Return the report of a week, None when there is none."""
    return read_record(uris.value(use_case_name, week), ValueReport)


def _by_model(use_case: UseCase, asked: "dict[str, pa.Table]") -> Iterator[ModelValue]:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = [day for key, table in asked.items() if (day := _labelled(use_case, key, table)) is not None]
    found = pa.concat_tables(days) if days else pa.table({"model_version": pa.array([], pa.string())})
    for version in sorted(pc.unique(found.column("model_version")).to_pylist()):
        rule = read_record(f"{uris.package(use_case.name, version)}/{FALLBACK}", Rule)
        if rule:
            yield _against(use_case, rule, version, found.filter(pc.equal(found.column("model_version"), version)))


def _against(use_case: UseCase, rule: Rule, version: str, answered: "pa.Table") -> ModelValue:
    costs, labels = use_case.metric.costs_usd, label_values(use_case.problem, answered.column("label"))
    told = rule.answers([json.loads(row) for row in answered.column("features").to_pylist()])
    scores = answered.column("score").to_numpy().astype(float)
    return ModelValue(
        version=version,
        rows=answered.num_rows,
        model_usd=float(row_costs_usd(labels, scores, costs).sum()),
        rule_usd=float(row_costs_usd(labels, told, costs).sum()),
    )


def _labelled(use_case: UseCase, key: str, asked: "pa.Table") -> "pa.Table | None":
    """Return the answers of a day with an outcome, and the request of each."""
    if not lake().exists(f"{uris.joined(use_case.name, key)}/manifest.json"):
        return None
    known = with_outcome(read_joined(use_case.name, key))
    on = ["prediction_id", "model_version"]
    return known.select([*on, "label", "score"]).join(asked.select([*on, "features"]), on, join_type="inner")


def _action(
    use_case: UseCase, since: datetime, value: float | None, net: float | None, spent: dict[str, float | None]
) -> tuple[Action, str]:
    if value is None or net is None:
        return "mend_outcomes", "Have outcomes joined to the answers; until then nobody knows what they are worth."
    if net > 0:
        worth = value >= WORTH_MORE_OF * (value - net) and None not in spent.values()
        if worth:
            return "expand", "Ask it about more: it earns at least twice what it takes."
        return "keep", "It earns what is known of what it takes."
    weeks = use_case.value.sunset_after if use_case.value else 3
    earlier = [read_value(use_case.name, f"{since - timedelta(weeks=n):%G-W%V}") for n in range(1, weeks)]
    if all(one is not None and one.net_usd is not None and one.net_usd <= 0 for one in earlier):
        return (
            "sunset_review",
            f"It has earned nothing for {weeks} weeks: decide whether to go on, or let the rule answer.",
        )
    return "optimise", _remedy(value, spent)


def _remedy(value: float, spent: dict[str, float | None]) -> str:
    """Name what would change most; a model that is no better than its rule comes first."""
    if value <= 0:
        return "Retrain, or let the rule answer: the model's errors cost no less than those of the rule."
    return {
        "infra_usd": "Take a smaller or serverless target ('driftgate cost rightsize'), or retrain less often.",
        "upkeep_usd": "Take a simpler model that asks for less upkeep.",
        "review_usd": "Ask people less: accept fewer false alarms, or put a triage before them.",
    }[max(spent, key=lambda name: spent[name] or 0.0)]


def _findings(
    use_case: UseCase, models: tuple[ModelValue, ...], total: int, spent: dict[str, float | None]
) -> Iterator[str]:
    labelled = sum(one.rows for one in models)
    if not labelled:
        yield f"None of {total:,} answers has an outcome and a rule to compare with, so their value is unknown."
    elif labelled < use_case.monitor.performance.min_labelled_share * total:
        yield f"Only {labelled:,} of {total:,} answers have an outcome and a rule beside; the others count as nothing."
    if spent["infra_usd"] is None:
        yield "The ledger has no cost of that week, so running it counts as nothing."
    if use_case.value is None:
        yield f"{use_case.name} does not say what upkeep and reviews cost (key 'value'), so they count as nothing."


def _tell(report: ValueReport) -> None:
    key = f"value/{report.use_case}"
    if report.action in ("sunset_review", "mend_outcomes"):
        sentence = f"{report.week}: {report.use_case}: {report.remedy}"
        raise_alarm("cost", key, sentence, use_case=report.use_case, evidence=report.week)
    elif report.net_usd is not None and report.net_usd > 0:
        clear_alarm("cost", key, f"{report.week}: it earns more than it takes.")
