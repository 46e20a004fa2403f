"""Waits until a step of a promotion has seen enough traffic and labels."""

import time
from typing import Any

from driftgate_airflow.triggers.polling import PollingTrigger


class TrafficTrigger(PollingTrigger):
    """
    Fires with ``ready: True`` when the step can be judged, with ``ready: False`` when the deadline passes first.

    While the step bakes it fires only for a candidate that fails.

    :param use_case: name of the use case
    :param model_version: the candidate
    :param step_name: ``shadow`` or ``canary_25``
    :param deadline_minutes: how long to wait from now; the deadline itself survives a restart of the triggerer
    :param bakes_until: unix time before which the step cannot be passed
    """

    poll_seconds = 2.0

    def __init__(
        self,
        *,
        use_case: str,
        model_version: str,
        step_name: str,
        deadline_minutes: int,
        deadline: float | None = None,
        bakes_until: float = 0.0,
    ) -> None:
        super().__init__(deadline=deadline or time.time() + deadline_minutes * 60)
        self.use_case = use_case
        self.model_version = model_version
        self.step_name = step_name
        self.deadline_minutes = deadline_minutes
        self.bakes_until = bakes_until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("use_case", "model_version", "step_name", "deadline_minutes", "deadline", "bakes_until")
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    def answer(self) -> dict[str, Any] | None:
        from driftgate.promotion import judge, ready_to_judge
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        if not ready_to_judge(use_case, self.model_version, self.step_name):
            return None
        if time.time() < self.bakes_until and judge(use_case, self.model_version, self.step_name).passed:
            return None
        return {"ready": True}

    def too_late(self) -> dict[str, Any]:
        return {"ready": False}
