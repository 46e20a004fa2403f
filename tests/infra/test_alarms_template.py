"""``infra/alarms.yaml``: rights and tags, and the stack deployed into the AWS of the tests, told by ``aws.yaml``.

moto's CloudFormation passes over the policy of the topic.
"""

import json
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from local_aws.client import LocalAws

from driftgate.alarms.trial import try_channels
from driftgate.settings import project_root, settings

TEMPLATE = project_root() / "infra" / "alarms.yaml"
REQUIRED = {"Project", "BusinessUnit", "Environment", "Owner"}
VARIABLES = (
    "LAKE_BUCKET METADATA_URL DVC_BUCKET MLFLOW_URL DATA_REPOSITORY AIRFLOW_URL AIRFLOW_USER ONLINE_TABLE SIGNING_KEY"
)
OTHERS = {"AlarmEmail": "team@example.com", "BusinessUnit": "ops", "Environment": "dev", "Owner": "network-operations"}


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    """The resources of the template by name."""
    return dict(cfn_yaml.load(str(TEMPLATE))["Resources"])


@pytest.fixture
def topic(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """The topic of the deployed stack, in the environment ``aws`` with its settings."""
    template = cfn_yaml.load(str(TEMPLATE))
    del template["Resources"]["TopicKey"]["Properties"]["Tags"]  # moto misreads the tags of a key
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName="alarms",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in OTHERS.items()],
    )
    [stack] = stacks.describe_stacks(StackName="alarms")["Stacks"]
    found = {one["OutputKey"]: str(one["OutputValue"]) for one in stack["Outputs"]}
    monkeypatch.setenv("DRIFTGATE_ENV", "aws")
    for name in VARIABLES.split():
        monkeypatch.setenv(f"DRIFTGATE_{name}", "value")
    monkeypatch.setenv("DRIFTGATE_ALARM_TOPIC", found["Topic"])
    return found["Topic"]


def test_what_can_be_tagged_is(resources: dict[str, dict[str, Any]]) -> None:
    for name in ("Topic", "TopicKey"):
        assert {tag["Key"] for tag in resources[name]["Properties"]["Tags"]} == REQUIRED


def test_airflow_may_tell_and_no_more(resources: dict[str, dict[str, Any]]) -> None:
    statements = resources["AirflowPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    everywhere = [one for one in statements if one["Resource"] == "*"]
    assert [one["Action"] for one in everywhere] == ["cloudwatch:PutMetricData"]
    assert everywhere[0]["Condition"] == {"StringEquals": {"cloudwatch:namespace": {"Ref": "Namespace"}}}
    assert [one["Action"] for one in statements if one not in everywhere] == [
        "sns:Publish",
        ["kms:Decrypt", "kms:GenerateDataKey"],
    ]


def test_what_is_worse_than_minor_reaches_those_who_hear_the_topic(topic: str, aws: LocalAws) -> None:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    routes = settings().alarms.routes
    assert routes.minor == (("log", "metric"),)
    assert routes.major == routes.critical == (("log", "metric", "topic"),)
    assert try_channels() == {"log": None, "metric": None, "topic": None}

    (came,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert "test/channels (aws)" in json.loads(came["Body"])["Subject"]
    namespace = cfn_yaml.load(str(TEMPLATE))["Parameters"]["Namespace"]["Default"]
    assert len(aws.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]) == 1
    emails = [one["Endpoint"] for one in sns.list_subscriptions()["Subscriptions"] if one["Protocol"] == "email"]
    assert emails == ["team@example.com"]
