"""Making the validation report of one partition from what was counted and how it was judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.decisions import NOBODY, Decided
from driftgate.contracts.history import HISTORICAL, newest_minute
from driftgate.contracts.loss import LOSS_LEANS, LOSS_LIMIT, SOMETHING_LEFT, leaning, too_many
from driftgate.contracts.tally import MOST_EXAMPLES, Tally
from driftgate.lake import Manifest
from driftgate.validation_report import Check, Failure, Severity, ValidationReport

MOST_FAILURES = 10
_ORDER: dict[Severity, int] = {"critical": 0, "row": 1, "warn": 2}


@dataclass(frozen=True)
class Circumstances:
    """What a report says besides its counts. A rule that did not judge has its reason in ``notes``."""

    key: str
    raw: Manifest
    notes: Mapping[str, str] = field(default_factory=dict)
    decided: Decided = NOBODY


def make_report(contract: Contract, tally: Tally, judged: Mapping[str, bool], about: Circumstances) -> ValidationReport:
    """Return the report; ``judged`` says of each rule whether it is kept.

    A rule that should have been judged and was not counts as critically broken.
    """
    leans = leaning(contract, tally)
    rules = {rule.id: rule for rule in tally.rules}
    checks = [_check(rules.get(rule.id, rule), tally, judged, about.notes.get(rule.id)) for rule in contract.rules]
    checks += _checks_of_the_whole(contract, tally, leans)
    worst = sorted((check for check in checks if not check.passed), key=lambda check: _ORDER[check.severity])
    examples = {rule: count.examples for rule, count in tally.counts.items()}
    examples |= {f"{LOSS_LEANS}.{name}": found[:MOST_EXAMPLES] for name, found in leans.items()}
    return ValidationReport(
        dataset=contract.name,
        partition=about.key,
        contract=contract.label,
        contract_sha256=contract.hash,
        raw=about.raw.hash,
        rows_in=tally.rows,
        rows_validated=tally.rows - tally.quarantined,
        rows_quarantined=tally.quarantined,
        released=tally.released,
        releases_lost=about.decided.lost,
        open=tally.open,
        decisions=about.decided.hash,
        newest_minute=newest_minute(about.key, tally.newest),
        checks=tuple(checks),
        failures=tuple(_failure(check, examples.get(check.rule, ())) for check in worst[:MOST_FAILURES]),
    )


def _check(rule: Rule, tally: Tally, judged: Mapping[str, bool], note: str | None) -> Check:
    if rule.id not in tally.counts:
        return Check(rule=rule.id, severity=rule.severity, passed=True, judged=0, broken=0, note=note)
    if rule.id not in judged:
        return Check(rule=rule.id, severity="critical", passed=False, judged=0, broken=0)
    count = tally.counts[rule.id]
    historical = rule.kind in HISTORICAL
    return Check(
        rule=rule.id,
        severity=rule.severity,
        passed=judged[rule.id],
        judged=count.judged,
        broken=count.broken,
        released=count.released,
        open=count.open,
        low=rule.minimum if historical else None,
        high=rule.maximum if historical else None,
        note=note,
    )


def _checks_of_the_whole(contract: Contract, tally: Tally, leans: Mapping[str, list[str]]) -> Iterator[Check]:
    """Yield whether something is left, and whether what is lost is little and without a pattern."""

    def check(rule: str, passed: bool) -> Check:
        return Check(rule=rule, severity="critical", passed=passed, judged=tally.rows, broken=tally.quarantined)

    yield check(SOMETHING_LEFT, tally.quarantined < tally.rows)
    if contract.max_quarantined_percent is not None:
        yield check(LOSS_LIMIT, not too_many(contract, tally))
    for name, found in leans.items():
        yield check(f"{LOSS_LEANS}.{name}", not found)


def _failure(check: Check, examples: Sequence[str]) -> Failure:
    return Failure(rule=check.rule, severity=check.severity, broken=check.broken, examples=tuple(examples))
