"""The training stack, deployed into the AWS of the tests: what came out is what the template says, and jobs fit."""

import json
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from local_aws.client import ACCOUNT, LocalAws

from driftgate.compute.batch_queue import refuse_queue
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError
from driftgate.settings import project_root

# Types that moto's CloudFormation passes over: cfn-lint and test_training_template.py are all that checks these.
SKIPPED = {
    "AWS::Budgets::Budget",
    "AWS::EC2::PlacementGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::SNS::TopicPolicy",
}
GIVEN = {
    "Name": "training",
    "LakeBucket": "driftgate-lake",
    "DvcBucket": "versions",
    "DataKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "AlarmEmail": "team@example.com",
    "BusinessUnit": "ops",
    "Environment": "dev",
    "Owner": "network",
}
QUEUES = {
    "OnDemandQueue": {},
    "SpotQueue": {"spot": True, "max_wait_minutes": 60},
    "GpuQueue": {"gpu": 1},
    "GpuSpotQueue": {"gpu": 1, "spot": True, "max_wait_minutes": 60},
    "NodesQueue": {"gpu": 1, "nodes": 2, "instance_type": "g5.xlarge"},
}


def fitted(batch_role: str) -> str:
    """Return the template as moto takes it: it wants a service role, and misreads the tags of a key."""
    template = cfn_yaml.load(str(project_root() / "infra" / "training.yaml"))
    del template["Resources"]["Key"]["Properties"]["Tags"]
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Batch::ComputeEnvironment":
            one["Properties"]["ServiceRole"] = batch_role
    return json.dumps(template)


@pytest.fixture
def outputs(aws: LocalAws) -> dict[str, str]:
    """Deploy the stack and return its outputs."""
    vpc = aws.client("ec2").describe_subnets(SubnetIds=[aws.subnet])["Subnets"][0]["VpcId"]
    given = {**GIVEN, "VpcId": vpc, "SubnetIds": aws.subnet}
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName="training",
        TemplateBody=fitted(f"arn:aws:iam::{ACCOUNT}:role/driftgate-batch"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    [stack] = stacks.describe_stacks(StackName="training")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def test_what_came_out_is_what_the_template_says(
    aws: LocalAws, outputs: dict[str, str], resources: dict[str, dict[str, Any]]
) -> None:
    found = aws.client("cloudformation").describe_stack_resources(StackName="training")["StackResources"]
    made = {one["LogicalResourceId"]: one["ResourceType"] for one in found if one.get("LogicalResourceId")}
    asked = {name: one["Type"] for name, one in resources.items()}
    assert {kind for name, kind in asked.items() if name not in made} == SKIPPED
    assert {name: asked[name] for name in made} == made

    [logs] = aws.client("logs").describe_log_groups(logGroupNamePrefix="/training/")["logGroups"]
    assert (logs["logGroupName"], logs["retentionInDays"]) == ("/training/jobs", 30)
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["training"])["repositories"]
    assert repository["repositoryUri"] == outputs["RepositoryUri"]
    groups = aws.client("ec2").describe_security_groups(GroupIds=[outputs["SecurityGroup"]])["SecurityGroups"]
    [rule] = groups[0]["IpPermissions"]
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [outputs["SecurityGroup"]]
    assert rule["IpRanges"] == []
    job = aws.client("iam").get_role_policy(RoleName="training-job", PolicyName="job")["PolicyDocument"]
    assert "arn:aws:s3:::driftgate-lake/jobs/*" in str(job)
    assert outputs["JobRole"] == f"arn:aws:iam::{ACCOUNT}:role/training-job"


def test_each_queue_takes_the_jobs_it_is_for_and_no_others(aws: LocalAws, outputs: dict[str, str]) -> None:
    batch = aws.client("batch")
    for output, asked in QUEUES.items():
        target = Target.model_validate(
            {
                "backend": "batch",
                "vcpu": 2,
                "memory_mib": 8192,
                "timeout_minutes": 60,
                "queue": outputs[output],
                **asked,
            }
        )
        refuse_queue(batch, output, target)
        wrong = target.model_copy(update={"spot": not target.spot})
        with pytest.raises(ConfigError, match="can run none of its jobs"):
            refuse_queue(batch, output, wrong)
    cpu = Target(backend="batch", vcpu=2, memory_mib=8192, timeout_minutes=60, queue=outputs["OnDemandQueue"], gpu=1)
    with pytest.raises(ConfigError, match="no instance type of its compute environments has one"):
        refuse_queue(batch, "gpu", cpu)
