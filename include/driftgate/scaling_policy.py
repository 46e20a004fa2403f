"""How many machines of SageMaker answer for a use case: the section ``scaling``.

Auto Scaling keeps ``metric`` at ``target`` per machine of the champion: it starts machines when it is above, and stops
some when it has been below. In production two machines in two zones are the least, unless the use case says why not.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.records import Record

Metric = Literal["InvocationsPerInstance", "CPUUtilization", "ModelLatency"]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[int, Field(ge=0, le=3600)]


class Scaling(Record):
    """Bounds and pace of the machines; ``single_machine_reason`` waives the second machine in production."""

    min: Count
    max: Count
    metric: Metric = "InvocationsPerInstance"
    target: Annotated[float, Field(gt=0)]  # requests a minute, percent of all cores, or microseconds
    scale_in_cooldown_s: Seconds
    scale_out_cooldown_s: Seconds
    single_machine_reason: Annotated[str, Field(min_length=10)] | None = None

    @model_validator(mode="after")
    def _can_scale(self) -> "Scaling":
        if self.min >= self.max:
            raise ValueError(f"min must be below max, or nothing scales, got {self.min} and {self.max}")
        if self.scale_in_cooldown_s < self.scale_out_cooldown_s:
            raise ValueError(
                "scale_in_cooldown_s must not be shorter than scale_out_cooldown_s, or machines come and go"
            )
        return self
