"""Waits for monitoring's verdict about one night."""

import time
from typing import Any

from driftgate_airflow.triggers.polling import PollingTrigger


class VerdictTrigger(PollingTrigger):
    """
    Fires when the verdict is written, with ``late: True`` when the deadline passes first.

    :param use_case: name of the use case
    :param key: the partition that the verdict is about
    :param deadline_minutes: how long to wait from now; the deadline itself survives a restart of the triggerer
    """

    def __init__(self, *, use_case: str, key: str, deadline_minutes: int, deadline: float | None = None) -> None:
        super().__init__(deadline=deadline or time.time() + deadline_minutes * 60)
        self.use_case = use_case
        self.key = key
        self.deadline_minutes = deadline_minutes

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("use_case", "key", "deadline_minutes", "deadline")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    def answer(self) -> dict[str, Any] | None:
        from driftgate.monitoring import verdict_of

        return {"late": False} if verdict_of(self.use_case, self.key) else None

    def too_late(self) -> dict[str, Any]:
        return {"late": True}
