"""Setting up an account: roles, network, compute environments, queues, a cluster, a log group and a bucket."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from local_aws.client import LocalAws

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def set_up(aws: LocalAws, emptied: int) -> LocalAws:
    """Make in a fresh account what a test needs, and return where it is.

    :param emptied: what :meth:`LocalAws.reset` returned
    """
    subnet, group = _lasting(aws, emptied)
    location = {"LocationConstraint": aws.region}
    _client(aws, "s3").create_bucket(Bucket=aws.bucket, CreateBucketConfiguration=location)
    _client(aws, "logs").create_log_group(logGroupName=aws.log_group)
    _client(aws, "ecs").create_cluster(clusterName=aws.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"])
    batch = _client(aws, "batch")
    for name, queue, kind, types in (
        (aws.environment, aws.queue, "EC2", ["c5"]),
        ("driftgate-spot", aws.spot_queue, "SPOT", ["c5"]),
        ("driftgate-gpu", aws.gpu_queue, "EC2", ["g5.xlarge"]),
    ):
        _queue(batch, name, queue, kind, types, subnet, group)
    return replace(aws, subnet=subnet, security_group=group)


@cache
def _lasting(aws: LocalAws, emptied: int) -> tuple[str, str]:
    """Make what a reset leaves, once for each time that the account was empty of it too."""
    _roles(_client(aws, "iam"))
    return _network(_client(aws, "ec2"))


@cache
def _client(aws: LocalAws, service: str) -> Any:
    return aws.client(service)


def _network(ec2: Any) -> tuple[str, str]:
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    return subnet["SubnetId"], group["SecurityGroups"][0]["GroupId"]


def _roles(iam: Any) -> None:
    for name in ("driftgate-job", "driftgate-execution", "driftgate-batch", "driftgate-host"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="driftgate-host")


def _queue(batch: Any, name: str, queue: str, kind: str, types: list[str], subnet: str, group: str) -> None:
    environment = batch.create_compute_environment(
        computeEnvironmentName=name,
        type="MANAGED",
        state="ENABLED",
        serviceRole="arn:aws:iam::123456789012:role/driftgate-batch",
        computeResources={
            "type": kind,
            "minvCpus": 0,
            "maxvCpus": 16,
            "desiredvCpus": 0,
            "instanceTypes": types,
            "instanceRole": "driftgate-host",
            "subnets": [subnet],
            "securityGroupIds": [group],
        },
    )
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName=queue, state="ENABLED", priority=1, computeEnvironmentOrder=order)
