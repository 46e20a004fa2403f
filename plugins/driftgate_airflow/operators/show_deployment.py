"""Say what serves now."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator


class ShowDeploymentOperator(UseCaseOperator):
    """Log the deployment state and what the endpoint itself says it serves."""

    activity = "host"

    def step(self, context: Context) -> Step:
        from driftgate.promotion import deployment, reported

        state, served = deployment(self.use_case), reported(self.use_case)
        return Step(
            summary={
                "deployment": state.model_dump(mode="json") if state else None,
                "served": [variant.model_dump(mode="json") for variant in served.variants],
                "problem": served.problem,
            }
        )
