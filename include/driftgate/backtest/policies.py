"""Policies to compare: the use case's own, some that look at the calendar alone, and files that change it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from driftgate.backtest.monitors import require_replayed
from driftgate.errors import ConfigError, nearest
from driftgate.monitoring_policy import Monitor
from driftgate.records import Record, parse_record, read_yaml
from driftgate.retrain_policy import Retrain
from driftgate.use_cases import UseCase

Changes = dict[str, Any]  # keys to values; a mapping changes a mapping key by key

SHIPPED = "shipped"
SECTIONS = ("monitor", "retrain", "gates", "promote", "validation", "fairness")
WEEK, MONTH = 7, 30
_TITLES = {
    "never": "The first model serves all the time.",
    "nightly": "A training every night, unless the last candidate is still on its way.",
    "weekly": "A training every 7 nights, whatever the evidence.",
    "monthly": "A training every 30 nights, whatever the evidence.",
    SHIPPED: "The sections 'monitor' and 'retrain' of use_case.yaml as they are.",
}


class PolicyFile(Record):
    """A policy as a file: what it is called, and the keys that it changes, by the section of ``use_case.yaml``."""

    name: str
    title: str = ""
    monitor: Changes = {}
    retrain: Changes = {}
    gates: Changes = {}
    promote: Changes = {}
    validation: Changes = {}
    fairness: Changes | None = {}  # None: no group is looked at

    @property
    def changes(self) -> Changes:
        """The sections that it changes."""
        written = {name: getattr(self, name) for name in SECTIONS}
        return {name: changed for name, changed in written.items() if changed != {}}


class Policy(Record):
    """One policy to replay: what of the use case it changes, and the sections that it then follows."""

    name: str
    title: str
    changes: Changes
    monitor: Monitor
    retrain: Retrain

    def applied(self, use_case: UseCase) -> UseCase:
        """Return the use case under this policy."""
        return _changed(use_case, self.changes, f"the policy {self.name!r}")


def policies(use_case: UseCase, asked: Sequence[str]) -> list[Policy]:
    """Return the policies ``asked`` for, each by a built-in name or the path of a file.

    :raises ConfigError: a name is none and no file, a file is wrong or contradicts itself, a policy hangs on a monitor
        that no replay judges, or two have one name
    """
    found = [_policy(use_case, one) for one in asked]
    names = [policy.name for policy in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"Two policies are called {name!r}; give each a 'name' of its own.")
    if not found:
        raise ConfigError(f"There is no policy to replay; name at least one: {', '.join(_TITLES)}, or a file.")
    return found


def _policy(use_case: UseCase, asked: str) -> Policy:
    if asked in _TITLES:
        written = PolicyFile(name=asked, title=_TITLES[asked], retrain=_of_calendar(asked))
        return _merged(use_case, written, f"the policy {asked!r}")
    path = Path(asked)
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"{asked!r} is neither a policy nor a file that ends with .yaml{nearest(asked, _TITLES)}")
    written = parse_record(read_yaml(path), PolicyFile, where=str(path))
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", written.name) or written.name in _TITLES:
        raise ConfigError(
            f"{path}: key 'name' is {written.name!r}; use up to 40 small letters, digits, '-' and '_', and none of "
            f"{', '.join(_TITLES)}."
        )
    return _merged(use_case, written, str(path))


def _of_calendar(name: str) -> Changes:
    """Return what makes a policy blind to evidence; its trainings are still judged by gates and guardrails."""
    every = {"nightly": 1, "weekly": WEEK, "monthly": MONTH}.get(name)
    if name == SHIPPED:
        return {}
    blind: Changes = {
        "on": [], "rules": [], "cooldown_days": 0, "min_new_rows": 0, "max_model_age_days": None,
        "cooldown_unhelpful_days": [], "schedule": None,
    }  # fmt: skip
    if every:
        blind["schedule"] = {"every_days": every, "justification": "to be compared with in a backtest"}
    return blind


def _merged(use_case: UseCase, written: PolicyFile, where: str) -> Policy:
    """Return the policy that follows from the use case with the keys of the file instead of its own."""
    under = _changed(use_case, written.changes, where)
    inherited = str(use_case.folder / "use_case.yaml")
    require_replayed(under.retrain, {key: where if key in written.retrain else inherited for key in ("on", "rules")})
    return Policy(
        name=written.name, title=written.title, changes=written.changes, monitor=under.monitor, retrain=under.retrain
    )


def _changed(use_case: UseCase, changes: Changes, where: str) -> UseCase:
    return (
        parse_record(_over(use_case.model_dump(mode="json", exclude_unset=True), changes), UseCase, where=where)
        if changes
        else use_case
    )


def _over(section: Changes, changes: Changes) -> Changes:
    """Return a section with changes to it; a mapping is changed key by key, anything else as a whole."""
    changed = {
        name: _over(section[name], value) if isinstance(value, dict) and isinstance(section.get(name), dict) else value
        for name, value in changes.items()
    }
    return section | changed
