"""``infra/serving.yaml``: what no emulator checks (rights, tags), and the stack deployed into the AWS of the tests.

moto's CloudFormation passes over alarms and Auto Scaling: what they say is sent to these services themselves.
"""

import ast
import inspect
import json
import re
from typing import Any

import pytest
from cfnlint.api import lint_file
from cfnlint.decode import cfn_yaml
from local_aws.client import ACCOUNT, LocalAws

from driftgate.endpoint.backends import sagemaker
from driftgate.endpoint.backends.serving_stack import stack_parameters
from driftgate.errors import ConfigError
from driftgate.sagemaker_settings import SageMakerSettings
from driftgate.settings import project_root, settings
from driftgate.use_cases import UseCase, load_use_case

TEMPLATE = project_root() / "infra" / "serving.yaml"
REQUIRED = {"Project", "BusinessUnit", "Environment", "Owner"}
UNTAGGABLE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::IAM::ManagedPolicy",
}
# AWS asks for these on the side: tags while something is made.
IMPLIED = {"sagemaker:AddTags"}


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    """The resources of the template by name."""
    return dict(cfn_yaml.load(str(TEMPLATE))["Resources"])


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    """The shipped use case."""
    return load_use_case("flight_delays")


def actions(document: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for one in document["Statement"]:
        action = (one["Fn::If"][1] if "Fn::If" in one else one)["Action"]
        found |= {action} if isinstance(action, str) else set(action)
    return found


def test_cfn_lint_finds_nothing() -> None:
    assert [str(found) for found in lint_file(TEMPLATE)] == []


def test_it_is_tagged_and_of_the_region_of_the_stack(resources: dict[str, dict[str, Any]]) -> None:
    for name, one in resources.items():
        if one["Type"] not in UNTAGGABLE:
            assert {tag["Key"] for tag in one["Properties"]["Tags"]} >= REQUIRED, name
    assert not re.findall(r"\b(?:af|ap|ca|eu|us)-[a-z]+-\d\b", TEMPLATE.read_text())


def test_airflow_may_do_what_the_backend_calls_and_no_more(resources: dict[str, dict[str, Any]]) -> None:
    granted = actions(resources["AirflowPolicy"]["Properties"]["PolicyDocument"])
    tree = ast.parse(inspect.getsource(sagemaker))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    verbs = ("create_", "describe_", "update_endpoint", "delete_")
    called = {"".join(map(str.capitalize, name.split("_"))) for name in names if name.startswith(verbs)}
    assert {one for one in granted if one.startswith("sagemaker:")} - IMPLIED == {f"sagemaker:{one}" for one in called}


def test_a_container_reads_its_own_packages_and_only_reads_what_it_did_not_capture(
    resources: dict[str, dict[str, Any]],
) -> None:
    [policy] = resources["Role"]["Properties"]["Policies"]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if "Fn::If" not in one]
    s3 = {str(one["Action"]): json.dumps(one["Resource"]) for one in statements if "s3:" in str(one["Action"])}
    assert "/models/${UseCase}/*" in s3["s3:GetObject"]
    assert "/sagemaker/${EndpointName}/*" in s3["s3:PutObject"]
    everywhere = [one for one in statements if one["Resource"] == "*" and "Condition" not in one]
    allowed = {action for one in everywhere for action in actions({"Statement": [one]})}
    assert all(action.partition(":")[2].startswith(("Describe", "GetAuthorizationToken")) for action in allowed)
    assert not [action for one in statements for action in actions({"Statement": [one]}) if action.endswith("*")]


def test_each_alarm_tells_somebody(resources: dict[str, dict[str, Any]]) -> None:
    alarms = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert set(alarms) == {"ServerErrors", "Latency", "Busy", "Idle"}
    assert all(one["AlarmActions"] == [{"Ref": "Alarms"}] for one in alarms.values())
    assert alarms["Latency"]["ExtendedStatistic"] == "p95"
    assert (alarms["Busy"]["Threshold"], alarms["Idle"]["Threshold"]) == (80, 20)


def test_the_stack_scales_the_champion_as_the_use_case_says(aws: LocalAws, use_case: UseCase) -> None:
    key = f"arn:aws:kms:{aws.region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    given = {
        **stack_parameters(use_case),
        "LakeBucket": aws.bucket,
        **dict.fromkeys(("DataKeyArn", "SigningKeyArn", "RepositoryKeyArn"), key),
        "UseCase": use_case.name,
        "AlarmEmail": "team@example.com",
        "Environment": "dev",
        "Scaling": "on",
    }
    template = cfn_yaml.load(str(TEMPLATE))
    del template["Resources"]["TopicKey"]["Properties"]["Tags"]  # moto misreads the tags of a key
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName="serving",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )
    [stack] = stacks.describe_stacks(StackName="serving")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs["Role"].endswith(":role/driftgate-serving-container")
    by_hand(aws, template["Resources"], given)
    alarms = {one["AlarmName"]: one for one in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert set(outputs["RollbackAlarms"].split(",")) <= set(alarms)
    guardrail = use_case.promote.guardrails.max_latency_p95_ms
    assert alarms["driftgate-flight-delays-latency"]["Threshold"] == 1000 * guardrail
    scaling = aws.client("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["ResourceId"] == "endpoint/driftgate-flight-delays/variant/champion"
    assert use_case.scaling
    assert (target["MinCapacity"], target["MaxCapacity"]) == (use_case.scaling.min, use_case.scaling.max)
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == use_case.scaling.target
    assert tracking["ScaleInCooldown"] == use_case.scaling.scale_in_cooldown_s
    assert tracking["ScaleOutCooldown"] == use_case.scaling.scale_out_cooldown_s
    assert tracking["CustomizedMetricSpecification"]["Namespace"] == "AWS/SageMaker"


def by_hand(aws: LocalAws, resources: dict[str, dict[str, Any]], given: dict[str, str]) -> None:
    """Make the alarms, the scalable target and its policy as the template says, which botocore checks."""
    known = {"VCpus": "2", "Project": "driftgate", "VariantName": "champion", **given, "Alarms": "arn:aws:sns:x:1:y"}
    cloudwatch, scaling = aws.client("cloudwatch"), aws.client("application-autoscaling")
    for one in resources.values():
        body = numbers(resolved(one.get("Properties"), known))
        if one["Type"] == "AWS::CloudWatch::Alarm":
            cloudwatch.put_metric_alarm(**body)
        elif one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget":
            scaling.register_scalable_target(**body)
        elif one["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy":
            target = resolved(resources["Machines"]["Properties"], known)
            place = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            del body["ScalingTargetId"]
            scaling.put_scaling_policy(**body, **place)


def resolved(value: Any, known: dict[str, str]) -> Any:
    """Return a value of the template with its references filled in; no metric here is one of the machines."""
    if isinstance(value, list):
        return [resolved(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return known.get(value["Ref"], value["Ref"])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda found: known.get(found[1], found[1]), value["Fn::Sub"])
    if "Fn::If" in value:
        return resolved(value["Fn::If"][2], known)
    return {name: resolved(item, known) for name, item in value.items()}


def numbers(value: Any) -> Any:
    """CloudFormation makes numbers of texts that look like some where the service takes numbers."""
    if isinstance(value, dict):
        return {name: numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def single(use_case: UseCase, **changes: Any) -> UseCase:
    assert use_case.scaling
    return use_case.model_copy(update={"scaling": use_case.scaling.model_copy(update={"min": 1, **changes})})


def test_production_needs_two_machines_in_two_zones_or_a_reason(
    use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftgate.endpoint.backends import serving_stack

    section = SageMakerSettings(
        region="eu-west-1",
        role=f"arn:aws:iam::{ACCOUNT}:role/driftgate",
        image=f"x@sha256:{'5' * 64}",
        instance_type="ml.m5.large",
        subnets=("subnet-1",),
        security_groups=("sg-1",),
    )
    here = settings()
    endpoint = here.endpoint.model_copy(update={"sagemaker": section})
    production = here.model_copy(update={"stage": "production", "endpoint": endpoint})
    monkeypatch.setattr(serving_stack, "settings", lambda: production)
    with pytest.raises(ConfigError, match=r"has scaling.min: 1 in production"):
        stack_parameters(single(use_case))
    with pytest.raises(ConfigError, match="fewer than two subnets"):
        stack_parameters(use_case)
    waived = single(use_case, single_machine_reason="an hour without answers harms nobody")
    assert stack_parameters(waived)["MinInstances"] == "1"
    with pytest.raises(ConfigError, match="has no section 'scaling'"):
        stack_parameters(use_case.model_copy(update={"scaling": None}))
