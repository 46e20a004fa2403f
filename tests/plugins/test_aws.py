"""Jobs on AWS are submitted as Airflow's connection says."""

from types import SimpleNamespace

import pytest

from driftgate.compute import aws
from driftgate.compute.targets import Target
from driftgate_airflow.aws import use_airflow_connection
from driftgate_airflow.ui.links import JobLink

TARGET = Target(backend="batch", vcpu=1, memory_mib=512, timeout_minutes=5, region="eu-west-1")


@pytest.fixture
def connection(monkeypatch):
    """Airflow's connection, as an environment variable; afterwards clients are boto3's own again."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://its-key:its-secret@/?region_name=us-east-1")
    use_airflow_connection.cache_clear()
    yield
    use_airflow_connection.cache_clear()
    aws.use_session(None)


def test_a_client_has_the_credentials_of_the_connection_and_the_region_of_the_target(connection):
    use_airflow_connection()
    client = aws.client("batch", TARGET)
    assert client._request_signer._credentials.access_key == "its-key"
    assert client.meta.region_name == "eu-west-1"


@pytest.mark.parametrize(
    ("log", "link"),
    [("https://eu-west-1.console.aws.amazon.com/batch", "https://eu-west-1.console.aws.amazon.com/batch"), ("/a", "")],
)
def test_the_button_leads_to_an_address_and_a_local_file_has_none(log, link):
    assert JobLink().get_link(SimpleNamespace(job_log=log), ti_key=None) == link
