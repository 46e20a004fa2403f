"""Whether a use case may spend more this week, and a word to its owner when much of the budget is gone."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from driftgate.alarms import raise_alarm
from driftgate.compute.job_files import result_path
from driftgate.compute.job_records import open_records
from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, NotPermitted
from driftgate.lake import lake
from driftgate.ledger.forecasts import forecast, trainings, usual_usd
from driftgate.ledger.jobs import collect
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.records import Record
from driftgate.severity import Severity
from driftgate.use_cases import UseCase, load_use_case

ALARM_PERCENT = (50, 80, 100)  # of the week's budget; each is told once a week


class BudgetAnswer(Record):
    """Whether something may be started, and the numbers that say so."""

    decision: Literal["pass", "needs_approval", "block"]
    sentence: str
    use_case: str
    week: str
    spent_usd: float
    committed_usd: float = 0.0  # what jobs that run now are still expected to spend
    forecast_usd: float | None
    limit_usd: float | None = None  # None: there is no budget
    unknown_rows: int = 0  # of this week, and running jobs, whose cost nobody knows


def check_budget(
    use_case: UseCase, forecast_usd: float | None, at: datetime, *, job_id: str | None = None
) -> BudgetAnswer:
    """Hold what has been spent this week, what running jobs will spend, and what is asked for against the budget.

    A forecast that nobody can make does not pass: it could be anything.

    :param forecast_usd: what is about to be spent; None is unknown
    :param job_id: the job that is asked for; when it runs already, it is not counted twice
    :param at: when it would be spent, with its zone: the start of the run, not the day that the run is about
    :raises ConfigError: ``at`` has no zone
    """
    first, last = week_of(at)
    committed, unpriced = _committed(use_case.name, job_id)
    week = rows(use_case.name, since=first, until=last)
    spent, unknown = spent_usd(week), sum(cost(row) is None for row in week)
    year, number, _ = first.isocalendar()
    known = {
        "use_case": use_case.name,
        "week": f"{year}-W{number:02}",
        "spent_usd": spent,
        "committed_usd": committed,
        "forecast_usd": forecast_usd,
        "unknown_rows": unknown + unpriced,
    }
    if use_case.budget is None:
        sentence = f"Use case {use_case.name} has no budget; add one to its use_case.yaml to hold spending back."
        return BudgetAnswer(decision="pass", sentence=sentence, **known)
    limit, over = use_case.budget.usd_per_week, use_case.budget.on_exceeded
    fits = forecast_usd is not None and (forecast_usd == 0 or spent + committed + forecast_usd <= limit)
    answer = BudgetAnswer(decision="pass" if fits else over, sentence="", limit_usd=limit, **known)
    answer = answer.model_copy(update={"sentence": _sentence(answer)})
    _tell(answer)
    return answer


def over_budget(use_case: UseCase, at: datetime) -> str | None:
    """Return why the budget of the week of ``at`` covers no training like those before; None when it may, or a person
    may allow it. Nothing is about to be spent, so nobody is told.
    """
    budget = use_case.budget
    if budget is None or budget.on_exceeded != "block":
        return None
    first, last = week_of(at)
    spent = spent_usd(rows(use_case.name, since=first, until=last)) + _committed(use_case.name, None)[0]
    usual = usual_usd(trainings(use_case.name)) or 0.0
    if spent < budget.usd_per_week and spent + usual <= budget.usd_per_week:
        return None
    return (
        f"{use_case.name} has spent ${spent:.2f} of ${budget.usd_per_week:.2f} this week, and a training costs about "
        f"${usual:.2f}: wait for Monday, or raise 'budget.usd_per_week' in its use_case.yaml."
    )


def require_budget(answer: BudgetAnswer, *, approved: bool = False) -> None:
    """Return when what was asked for may be started.

    :param approved: a person answers for what is beyond the budget, where the use case leaves it to a person
    :raises NotPermitted: it may not
    """
    if answer.decision == "needs_approval" and not approved:
        raise NotPermitted(f"{answer.sentence} Say --beyond-budget if you may approve it.")
    if answer.decision == "block":
        raise NotPermitted(answer.sentence)


def require_budget_for(spec: JobSpec, *, approved: bool = False) -> None:
    """Return when a job may be started by hand now; one that is done costs nothing more.

    :raises NotPermitted: the week's budget of its use case does not cover it
    """
    if not lake().exists(result_path(spec.job_id)):
        use_case, now = load_use_case(spec.use_case), datetime.now(UTC)
        require_budget(check_budget(use_case, forecast(spec).usd, now, job_id=spec.job_id), approved=approved)


def week_of(at: datetime) -> tuple[datetime, datetime]:
    """Return the Monday on which the week of ``at`` begins, in UTC, and the next one."""
    if at.tzinfo is None:
        raise ConfigError(f"The time {at} has no zone, so its week is not certain; pass the start of the run as it is.")
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def cost(row: LedgerRow) -> float | None:
    """Return what a row cost: as billed when the bill is there, else as estimated."""
    return row.cost_usd if row.cost_billed_usd is None else row.cost_billed_usd


def spent_usd(found: list[LedgerRow]) -> float:
    """Return what these rows cost, as far as it is known."""
    return round(sum(cost(row) or 0.0 for row in found), 6)


def _committed(use_case: str, job_id: str | None) -> tuple[float, int]:
    """Return what running jobs are expected to spend beyond what they have spent, and of how many nobody knows."""
    running = [noted.record for noted in open_records() if noted.record.spec.use_case == use_case]
    left = []
    for record in running:
        if record.job_id != job_id and not lake().exists(result_path(record.job_id)):
            expected = forecast(record.spec.model_copy(update={"target": record.target})).usd
            spent = spent_usd(collect(record.job_id))
            left.append(None if expected is None else max(0.0, expected - spent))
    return round(sum(usd for usd in left if usd is not None), 6), left.count(None)


def _sentence(answer: BudgetAnswer) -> str:
    spent = f"{answer.use_case} has spent ${answer.spent_usd:.2f} of ${answer.limit_usd:.2f} in {answer.week}"
    if answer.committed_usd:
        spent += f", and running jobs are expected to spend ${answer.committed_usd:.2f} more"
    if answer.unknown_rows:
        spent += f", not counting {answer.unknown_rows} rows or jobs of unknown cost"
    if answer.forecast_usd is None:
        return f"{spent}; what this would add is not known, so it is not started: add its price to price_table.yaml."
    if answer.decision == "pass":
        return f"{spent}; this adds about ${answer.forecast_usd:.2f} and fits."
    remedy = "let its owner approve it" if answer.decision == "needs_approval" else "wait for Monday"
    return (
        f"{spent}; this would add about ${answer.forecast_usd:.2f}, more than is left: {remedy}, use a cheaper target, "
        "or raise 'budget.usd_per_week' in its use_case.yaml."
    )


def _tell(answer: BudgetAnswer) -> None:
    """Leave an alarm for every share of the budget that is reached now, and was not before in this week."""
    limit = answer.limit_usd or 0.0
    for percent in ALARM_PERCENT:
        if answer.spent_usd > 0 and answer.spent_usd >= limit * percent / 100:
            sentence = f"{percent} % of the week's budget is spent: {answer.sentence}"
            _alarm(answer, f"{percent}", sentence, "minor" if percent < 100 else None)
    if answer.decision != "pass":
        _alarm(answer, "forecast", answer.sentence)


def _alarm(answer: BudgetAnswer, name: str, sentence: str, severity: Severity | None = None) -> None:
    about = f"{answer.use_case}/{answer.week}/{name}"
    raise_alarm("budget", about, sentence, use_case=answer.use_case, severity=severity, once=True)
