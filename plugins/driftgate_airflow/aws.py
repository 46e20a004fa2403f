"""Jobs on AWS are submitted with the credentials of Airflow's own connection, as all that Airflow does there."""

from functools import cache
from typing import Any


@cache
def use_airflow_connection() -> None:
    """Let the clients of compute targets be made by the amazon provider's hook; nothing is imported until one is."""
    from driftgate.compute.aws import use_session

    use_session(_session)


def _session() -> Any:
    """Return a session of the connection that the settings name; without it the hook takes what boto3 finds."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    from driftgate.settings import settings

    return AwsBaseHook(aws_conn_id=settings().airflow.aws_connection, client_type="sts").get_session()
