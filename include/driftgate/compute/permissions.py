"""What has to be allowed on AWS so that a job can be sent there, started and worked off.

The one list: ``infra/training.yaml`` grants it, ``docs/guides/train-on-aws.md`` shows it, a refusal names a line of it,
and a test holds it equal to what the code calls.
"""

from typing import Literal

Who = Literal["airflow", "job", "start"]
# airflow: the role of the workers and the triggerer. start: what AWS itself does before a job's code runs (execution
# role). job: the code of the job.
PERMISSIONS: dict[Who, dict[str, str]] = {
    "airflow": {
        "batch:DescribeComputeEnvironments": "can the queue run the job at all, and why does it wait",
        "batch:DescribeJobDefinitions": "find the definition that is there already",
        "batch:DescribeJobQueues": "refuse a queue that is missing, disabled or broken",
        "batch:DescribeJobs": "ask how a job is",
        "batch:ListJobs": "find a job by its name before submitting another one",
        "batch:RegisterJobDefinition": "register the definition of a new kind of job",
        "batch:SubmitJob": "submit",
        "batch:TagResource": "tag the job and its definition while they are made",
        "batch:TerminateJob": "stop a job that nobody wants any more",
        "ecs:DescribeClusters": "refuse a cluster that is missing or lacks the capacity provider",
        "ecs:DescribeTasks": "ask how a task is",
        "ecs:ListTaskDefinitions": "find the definition that is there already",
        "ecs:ListTasks": "find a task by its name before starting another one",
        "ecs:RegisterTaskDefinition": "register the definition of a new kind of task",
        "ecs:RunTask": "start a task",
        "ecs:StopTask": "stop a task that nobody wants any more",
        "ecs:TagResource": "tag the task and its definition while they are made",
        "iam:PassRole": "give a job its two roles, and no other",
        "kms:Decrypt": "read a bucket with a key of your own",
        "kms:GenerateDataKey": "write a bucket with a key of your own",
        "logs:GetLogEvents": "show the end of the log of a job that failed",
        "s3:DeleteObject": "remove what retention no longer keeps",
        "s3:GetObject": "read results, checkpoints, dataset versions",
        "s3:ListBucket": "see whether a result is there, and in which Region the bucket is",
        "s3:PutObject": "write the spec of a job, dataset versions, models",
    },
    "start": {
        "ecr:BatchCheckLayerAvailability": "pull the image",
        "ecr:BatchGetImage": "pull the image",
        "ecr:GetAuthorizationToken": "pull the image",
        "ecr:GetDownloadUrlForLayer": "pull the image",
        "kms:Decrypt": "read the image and the secrets, which are encrypted with the key of the stack",
        "logs:CreateLogStream": "begin the log of a job",
        "logs:PutLogEvents": "write the log of a job",
        "secretsmanager:GetSecretValue": "fill in the 'secrets' of a compute target",
    },
    "job": {
        "kms:Decrypt": "read a bucket with a key of your own",
        "kms:GenerateDataKey": "write a bucket with a key of your own",
        "s3:DeleteObject": "remove its old checkpoints",
        "s3:GetObject": "read its spec, its checkpoints and its dataset version",
        "s3:ListBucket": "list its checkpoints",
        "s3:PutObject": "write progress, checkpoints, attempts, model and result",
    },
}
# AWS asks for these on the side: no code of ours calls them by name.
IMPLIED = {"batch:TagResource", "ecs:TagResource", "iam:PassRole", "kms:Decrypt", "kms:GenerateDataKey"}


def action_of(operation: str) -> str:
    """Return the action that an operation of boto3 such as ``SubmitJob`` needs, or the operation when none is known."""
    found = [action for action in PERMISSIONS["airflow"] if action.partition(":")[2] == operation]
    return found[0] if found else operation
