"""The section ``endpoint.sagemaker`` of a settings file: what an endpoint of SageMaker is made of."""

from typing import Annotated

from pydantic import Field, model_validator

from driftgate.records import Record

Seconds = Annotated[int, Field(ge=0, le=3600)]


class SageMakerSettings(Record):
    """Role, image, machines and keys of the endpoints; one endpoint a use case, called ``<project>-<use case>``.

    With serverless inference there are no variants, no shadows, no data capture and no VPC, so that no candidate could
    be judged: machines only.
    """

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    role: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$")]  # what the containers may do
    image: Annotated[str, Field(pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$")]  # by digest, so that it is known what ran
    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    instances: Annotated[int, Field(gt=0)] = 1  # of each variant at first; Auto Scaling moves the champion's
    kms_key: str | None = None  # ARN: of the disks and of what data capture writes
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()  # CloudWatch: one that rings while a new fleet bakes takes it back
    bake_seconds: Seconds = 300
    follow_minutes: Annotated[float, Field(gt=0)] = 40.0  # how long a move may take: two fleets start one after another
    capture_percent: Annotated[int, Field(ge=0, le=100)] = 100

    @model_validator(mode="after")
    def _is_of_one_network(self) -> "SageMakerSettings":
        if bool(self.subnets) != bool(self.security_groups):
            raise ValueError("subnets and security_groups come together; write both, or neither")
        return self
