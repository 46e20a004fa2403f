"""Let a candidate watch the traffic, or let the first model of a use case serve at once."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseBranchOperator, Context

from driftgate.errors import ConfigError
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor


class DeployShadowOperator(UseCaseOperator, BaseBranchOperator):
    """
    Start the shadow of the candidate that the triggering event (or the run's parameter) names.

    Without a champion there is nothing to compare with: the branch leads straight to the switch. A model that is made
    from personal data gets nowhere without a privacy impact assessment of the last year, and no model does while a
    critical bias case of its use case is open.

    :param then: the task that judges the shadow
    :param without_champion: the task that makes the candidate champion
    """

    activity = "host"
    template_fields: Sequence[str] = ("use_case",)

    def __init__(self, *, then: str, without_champion: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.then = then
        self.without_champion = without_champion

    def work(self, context: Context) -> Any:
        from driftgate.evaluation.bias_cases import require_no_blocking_case
        from driftgate.governance.privacy_impact import review_privacy
        from driftgate.promotion import deployment, start_shadow
        from driftgate.use_cases import load_use_case
        from driftgate_airflow.operators.candidate import CandidateOperator

        version = candidate_version(context)
        context["ti"].xcom_push(key="model_version", value=version)
        review_privacy(load_use_case(self.use_case), version)
        require_no_blocking_case(self.use_case)
        if deployment(self.use_case) is None:
            self.log.info("no champion serves %s yet: version %s goes live at once", self.use_case, version)
            return self.do_branch(context, self.without_champion)
        state = start_shadow(
            load_use_case(self.use_case), version, actor=actor(context), reason=f"run {context['dag_run'].run_id}"
        )
        self.model_version = version
        self.conclude([CandidateOperator.moved(self, state)], context)  # type: ignore[arg-type]  # same two fields
        return self.do_branch(context, self.then)


def candidate_version(context: Context) -> str:
    """Return the model version that this run promotes: from its parameter, else from the asset event that started it.

    :raises ConfigError: neither names a version
    """
    if version := context["params"].get("model_version"):
        return str(version)
    events = context.get("triggering_asset_events") or {}
    versions = [(event.extra or {}).get("model_version") for group in events.values() for event in group]
    named = [version for version in versions if version]
    if not named:
        raise ConfigError("This run names no model version; trigger it again and fill in 'Model version'.")
    return str(named[-1])
