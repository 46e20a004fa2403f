"""Policies of ``infra/training.yaml``, which no emulator can check: tags, Region, rights, and what idle things cost."""

import json
import re
from typing import Any

import pytest
from cfnlint.api import lint_file

from driftgate.compute.permissions import PERMISSIONS
from driftgate.settings import project_root

TEMPLATE = project_root() / "infra" / "training.yaml"
REQUIRED = {"Project", "BusinessUnit", "Environment", "Owner"}
# CloudFormation has no tags for these.
UNTAGGABLE = {
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::SNS::TopicPolicy",
}
Resources = dict[str, dict[str, Any]]


def of_type(resources: Resources, kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of one type."""
    return [one["Properties"] for one in resources.values() if one["Type"] == kind]


def tag_keys(properties: dict[str, Any]) -> set[str]:
    """Return the keys of a resource's tags, whichever of AWS's three spellings it has."""
    given = properties.get("Tags") or properties.get("ResourceTags")
    if not given and "TagSpecifications" in properties:
        given = properties["TagSpecifications"][0]["Tags"]
    return set(given) if isinstance(given, dict) else {tag["Key"] for tag in given or []}


def test_cfn_lint_finds_nothing() -> None:
    assert [str(found) for found in lint_file(TEMPLATE)] == []


def test_everything_that_can_be_tagged_has_the_required_tags(resources: Resources) -> None:
    missing = {
        name: sorted(REQUIRED - tag_keys(one["Properties"]))
        for name, one in resources.items()
        if one["Type"] not in UNTAGGABLE and not tag_keys(one["Properties"]) >= REQUIRED
    }
    assert not missing, f"Tag these in infra/training.yaml: {missing}"
    machines = [one["ComputeResources"]["Tags"] for one in of_type(resources, "AWS::Batch::ComputeEnvironment")]
    assert machines and all(set(tags) >= REQUIRED for tags in machines)


def test_there_is_one_region_that_of_the_stack(template: dict[str, Any]) -> None:
    named = re.findall(r"\b(?:af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d\b", TEMPLATE.read_text())
    assert not named, f"infra/training.yaml names {named}; write ${{AWS::Region}}, so that all is in one Region."
    parameters = [name for name in template["Parameters"] if "region" in name.lower()]
    assert not parameters, f"{parameters} could be another Region than that of the stack; use ${{AWS::Region}}."


@pytest.mark.parametrize("who", sorted(PERMISSIONS))
def test_the_roles_have_exactly_the_listed_permissions(who: str, statements: dict[str, list[dict[str, Any]]]) -> None:
    granted: set[str] = set()
    for one in statements[who]:
        granted |= {one["Action"]} if isinstance(one["Action"], str) else set(one["Action"])
    assert granted == set(PERMISSIONS[who]), "Keep infra/training.yaml and driftgate.compute.permissions equal."


def test_only_what_knows_no_resources_is_allowed_on_all(statements: dict[str, list[dict[str, Any]]]) -> None:
    everywhere = {
        action
        for found in statements.values()
        for one in found
        if one["Resource"] == "*" and "Condition" not in one
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    asking = {action for action in everywhere if action.partition(":")[2].startswith(("Describe", "List", "Get"))}
    assert everywhere - asking == {"ecs:RegisterTaskDefinition"}
    assert asking <= {action for action in PERMISSIONS["airflow"] if action[:3] in ("bat", "ecs")} | {
        "ecr:GetAuthorizationToken"
    }


def test_a_job_writes_below_jobs_and_nowhere_else(statements: dict[str, list[dict[str, Any]]]) -> None:
    writes = [one for one in statements["job"] if {"s3:PutObject", "s3:DeleteObject"} & set(one["Action"])]
    assert [json.dumps(one["Resource"]).rpartition(":")[2] for one in writes] == ['${LakeBucket}/jobs/*"}']


def test_what_is_idle_costs_nothing(resources: Resources) -> None:
    environments = of_type(resources, "AWS::Batch::ComputeEnvironment")
    assert len(environments) == 5
    assert {one["ComputeResources"]["MinvCpus"] for one in environments} == {0}
    assert all("DesiredvCpus" not in one["ComputeResources"] for one in environments)


def test_leftovers_go_away(resources: Resources) -> None:
    [logs] = of_type(resources, "AWS::Logs::LogGroup")
    [repository] = of_type(resources, "AWS::ECR::Repository")
    assert logs["RetentionInDays"] == {"Ref": "LogDays"}
    rules = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [rule["action"]["type"] for rule in rules] == ["expire", "expire"]
    assert repository["ImageTagMutability"] == "IMMUTABLE"


def test_jobs_are_reached_by_jobs_only(resources: Resources) -> None:
    [group] = of_type(resources, "AWS::EC2::SecurityGroup")
    [ingress] = of_type(resources, "AWS::EC2::SecurityGroupIngress")
    assert "SecurityGroupIngress" not in group
    assert ingress["SourceSecurityGroupId"] == ingress["GroupId"] == {"Ref": "JobsSecurityGroup"}
    assert all({"CidrIp", "CidrIpv6"}.isdisjoint(one) for one in of_type(resources, "AWS::EC2::SecurityGroupIngress"))


def test_data_at_rest_are_encrypted_and_a_container_cannot_take_the_role_of_its_host(resources: Resources) -> None:
    [launch] = of_type(resources, "AWS::EC2::LaunchTemplate")
    data = launch["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert all(device["Ebs"]["Encrypted"] for device in data["BlockDeviceMappings"])
    [repository] = of_type(resources, "AWS::ECR::Repository")
    assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert "KmsKeyId" in of_type(resources, "AWS::Logs::LogGroup")[0]


def test_the_nodes_of_one_job_are_in_one_zone_beside_each_other(resources: Resources) -> None:
    nodes = resources["Nodes"]["Properties"]["ComputeResources"]
    assert nodes["PlacementGroup"] == {"Ref": "NodesPlacement"}
    assert nodes["Type"] == "EC2"  # Batch has no jobs of several nodes on Spot
    assert nodes["Subnets"] == [{"Fn::Select": [0, {"Ref": "SubnetIds"}]}]


def test_the_budget_says_so_on_the_way_and_in_advance(resources: Resources) -> None:
    [budget] = of_type(resources, "AWS::Budgets::Budget")
    notices = [one["Notification"] for one in budget["NotificationsWithSubscribers"]]
    assert [(one["NotificationType"], one["Threshold"]) for one in notices] == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
