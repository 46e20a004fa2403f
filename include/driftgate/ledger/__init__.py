"""The ledger: what tasks and jobs took, what it costs, and whether there is budget for more."""

from driftgate.ledger.jobs import collect, collect_all
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.ledger.tasks import TaskTry, record_task

__all__ = ["LedgerRow", "TaskTry", "collect", "collect_all", "record_task", "rows"]
