"""The register of monitors as a page of the documentation, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from driftgate.drift_rules import table
from driftgate.errors import nearest
from driftgate.monitor_register import FILE, Registered, register_of
from driftgate.monitoring.verdicts.requirements import metrics_of
from driftgate.monitoring_policy import MonitorName
from driftgate.registry.card_text import CardText, card_text
from driftgate.severity import SEVERITIES, Severity
from driftgate.use_cases import UseCase, load_use_case, use_case_names

PAGE = "docs/reference/monitors.md"
BASELINES = {
    "evaluation": "the champion's own evaluation",
    "training_days": "the days the champion was trained on",
    "earlier_nights": "the champion's earlier nights",
    "limit": "a limit of `use_case.yaml`",
}


def register_problems(use_case: UseCase, folder: Path | None = None) -> Iterator[str]:
    """Return one sentence per problem of ``monitors.yaml``.

    :param folder: where the use case lies; None: where its name says
    :raises DriftgateError: the file, or ``card.yaml``, does not parse
    """
    where = (folder or use_case.folder) / FILE
    register = register_of(use_case, folder)
    if register is None:
        yield f"{where} does not exist; register each monitor there: the requirement it watches, and what people do."
        return
    known = _requirements(card_text(use_case, folder))
    for one in register.monitors:
        if one.requirement not in known:
            name, close = one.requirement, nearest(one.requirement, known)
            yield f"{where}: the requirement {name!r} of {one.id!r} is no key of card.yaml{close}"
        yield from _watching_problems(use_case, one, where)
    for monitor in sorted(set(use_case.monitors) - {one.monitor for one in register.monitors}):
        yield f"{where}: nothing registered reads the monitor {monitor!r}; say what it watches and what people do."


def monitors_page() -> str:
    """Return the page of all registers, as Markdown."""
    parts = [
        "# Monitors",
        "Made by `driftgate monitor register` from `monitors.yaml`, `card.yaml` and `use_case.yaml` of each use case; "
        "do not edit it, `make check` compares.",
    ]
    for name in use_case_names():
        use_case = load_use_case(name)
        register = register_of(use_case)
        requirements = _requirements(card_text(use_case)) if register else {}
        parts += [f"## {name}", f"Nights go to {use_case.owner.contact} ({use_case.owner.team})."]
        parts += [_section(use_case, one, requirements) for one in (register.monitors if register else ())]
    return "\n\n".join(parts) + "\n"


def follows(use_case: UseCase, monitor: MonitorName, severity: Severity) -> str:
    """Return what the policy decides about a drift of a monitor that persists: all decisions that it may come to."""
    rules = {rule for cell, rule in table(use_case.retrain.rules).items() if cell[:2] == (monitor, severity)}
    accepted = monitor in use_case.retrain.on
    decisions = {"review" if rule.decision == "retrain" and not accepted else rule.decision for rule in rules}
    return " or ".join(sorted(decisions))


def _requirements(card: CardText) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, said in card:
        found |= {key: said} if isinstance(said, str) else {f"{key}.{n}": one for n, one in enumerate(said, 1)}
    return found


def _watching_problems(use_case: UseCase, one: Registered, where: Path) -> Iterator[str]:
    metrics = metrics_of(use_case)
    if one.statistic and one.monitor != "performance":
        yield f"{where}: {one.id!r} has numbers about {one.monitor}; only those of 'performance' are looked at."
    elif one.statistic and one.statistic not in metrics:
        close = nearest(one.statistic, metrics)
        yield f"{where}: {one.id!r} names {one.statistic!r}, which performance does not measure{close}"
    if isinstance(one.warn, str) and all(follows(use_case, one.monitor, level) == "quiet" for level in SEVERITIES):
        yield (
            f"{where}: nothing follows from the {one.monitor} drift that {one.id!r} watches, for 'retrain.rules' "
            "make it quiet; change them, or take it out."
        )


def _section(use_case: UseCase, one: Registered, requirements: dict[str, str]) -> str:
    lines = (
        f"### {one.id} ({one.kind})\n",
        f"{requirements.get(one.requirement, one.requirement)} (`{one.requirement}`)\n",
        f"- Reads: `{one.monitor}`, against {BASELINES[one.baseline]}",
        f"- Warn and critical: {_limits(use_case, one)}",
        f"- People: {one.action}",
    )
    return "\n".join(lines)


def _limits(use_case: UseCase, one: Registered) -> str:
    if one.statistic:
        certain = f"`{one.statistic}` certainly worse by more than {one.warn:,g} and {one.critical:,g}"
        return f"{certain}; an alarm `requirement`, major and critical"
    policy = ", ".join(f"{level}: {follows(use_case, one.monitor, level)}" for level in SEVERITIES)
    return f"drift of severity {one.warn} and {one.critical}; when it persists, the policy decides ({policy})"
