"""The ledger: what tasks and jobs took, what it costs, and whether there is budget for more."""

from driftgate.ledger.budget import BudgetAnswer, check_budget, over_budget, require_budget, require_budget_for
from driftgate.ledger.forecasts import Forecast, forecast
from driftgate.ledger.jobs import collect, collect_all
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.ledger.summary import avoided
from driftgate.ledger.tasks import TaskTry, record_task

__all__ = [
    "BudgetAnswer",
    "Forecast",
    "LedgerRow",
    "TaskTry",
    "avoided",
    "check_budget",
    "collect",
    "collect_all",
    "forecast",
    "over_budget",
    "record_task",
    "require_budget",
    "require_budget_for",
    "rows",
]
