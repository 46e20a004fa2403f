"""One step of the answer to an incident."""

from collections.abc import Sequence
from typing import Any, Literal

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor


class AnswerIncidentOperator(UseCaseOperator):
    """
    Open the incident that the run's parameters describe, or find it again, and do one step of the answer to it.

    :param does: which step: ``freeze``, ``give_back``, ``set_apart`` or ``export``
    """

    activity = "host"
    template_fields: Sequence[str] = ("use_case",)

    def __init__(self, *, does: Literal["freeze", "give_back", "set_apart", "export"], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.does = does

    def step(self, context: Context) -> Step:
        from driftgate import incidents
        from driftgate.lineage import DatasetRef
        from driftgate.use_cases import load_use_case

        use_case, params = load_use_case(self.use_case), context["params"]
        days = {"first_day": params["first_day"], "last_day": params["last_day"]}
        incident = incidents.open_incident(
            use_case, params["model_version"], reason=params["reason"], actor=actor(context), **days
        )
        read = (DatasetRef(f"model/{self.use_case}/{incident.version}"),)
        if self.does == "export":
            digest = incidents.export_bundle(use_case, incident).bundle_sha256
            written = (DatasetRef(f"incident/{self.use_case}/{incident.id}", digest),)
            return Step(summary={"incident": incident.id, "bundle_sha256": digest}, inputs=read, outputs=written)
        steps = {
            "freeze": incidents.freeze_promotions,
            "give_back": incidents.give_back_traffic,
            "set_apart": incidents.set_apart,
        }
        return Step(summary={"incident": incident.id, "done": steps[self.does](use_case, incident)}, inputs=read)
