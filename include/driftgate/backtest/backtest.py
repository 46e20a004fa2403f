"""A backtest from what was asked to the page that answers it."""

from typing import NamedTuple

from driftgate import uris
from driftgate.backtest.costs import training_cost
from driftgate.backtest.gates import LEFT_OUT_TOLD
from driftgate.backtest.models import Models
from driftgate.backtest.page import render_report
from driftgate.backtest.policies import SHIPPED, Policy, policies
from driftgate.backtest.report import BacktestReport, Compared, compared
from driftgate.backtest.rows import published_rows
from driftgate.backtest.run import Asked, Say, replayed, run_digest
from driftgate.errors import ConfigError, nearest
from driftgate.lake import lake
from driftgate.partition_keys import keys_between, parse_day
from driftgate.records import canonical_json, sha256
from driftgate.use_cases import UseCase


class Written(NamedTuple):
    """A report, and where in the lake its page and its data are."""

    report: BacktestReport
    page: str
    data: str


def asked_for(use_case: UseCase, first: str, last: str, named: tuple[str, ...]) -> Asked:
    """Return what is to be replayed, checked.

    :raises ConfigError: the range is empty, or a policy is none, is wrong or contradicts itself
    """
    keys_between(first, last)
    return Asked(use_case, first, last, tuple(policies(use_case, named)))


def backtest(
    asked: Asked,
    *,
    chosen: str | None = None,
    split: str | None = None,
    processes: int = 1,
    say: Say = lambda policy, nights: None,
) -> Written:
    """Replay what is asked for, write report and page to the lake and return them.

    :param chosen: the policy that the report is about; without it ``shipped``, where that is among them
    :param split: the last day by which policies were chosen; the report then tells the days after it apart
    :raises ConfigError: ``chosen`` or ``split`` is none, or what :func:`replayed` raises
    """
    names = [policy.name for policy in asked.policies]
    if chosen and chosen not in names:
        raise ConfigError(f"--chosen {chosen!r} is none of the policies{nearest(chosen, names)}")
    if split and not asked.first <= parse_day(split, what="--split").isoformat() < asked.last:
        raise ConfigError(f"--split {split} does not lie between {asked.first} and {asked.last}; name a day inside.")
    nights = replayed(asked, processes=processes, say=say)
    rows = published_rows(asked.use_case, asked.first, asked.last)
    cost = training_cost(Models(rows).spec_of(rows.training_set(nights[names[0]][0].serving.champion)))
    found = Compared(asked.use_case, asked.policies, nights, cost, LEFT_OUT_TOLD, split)
    report = compared(found, chosen=chosen or (SHIPPED if SHIPPED in names else None))
    folder = uris.backtest(asked.use_case.name, _name(asked, run_digest(rows)))
    lake().write(f"{folder}/report.json", report.canonical())
    lake().write(f"{folder}/report.html", render_report(report))
    return Written(report, f"{folder}/report.html", f"{folder}/report.json")


def _name(asked: Asked, digest: str) -> str:
    """Return the name of a report: its range, and a hash of all that it follows from."""
    whole = [digest, [_sections(policy) for policy in asked.policies]]
    return f"{asked.first}_{asked.last}-{sha256(canonical_json(whole))[:7]}"


def _sections(policy: Policy) -> object:
    return policy.model_dump(mode="json")
