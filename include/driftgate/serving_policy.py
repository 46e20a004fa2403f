"""What a candidate must be like where it serves: the keys ``serving`` and ``skew`` of the section ``gates``."""

from typing import Annotated

from pydantic import Field

from driftgate.records import Record

Above = Annotated[float, Field(gt=0)]
Limit = Annotated[float, Field(ge=0)]


class ServingGate(Record):
    """How fast and how small a model is, as the endpoint measured it when it loaded it.

    The latency is of the model alone, one row at a time; that of requests is a guardrail of the traffic.
    """

    max_latency_p95_ms: Above
    max_model_mb: Above
    max_load_seconds: Above


class SkewGate(Record):
    """How far the answers to the golden set may lie apart where the model was registered and where it serves.

    One that is further off in any single row than its kind of model allows is not even loaded.
    """

    max_metric_difference: Limit = 0.005
    max_kolmogorov_smirnov: Limit = 0.02
