"""How the endpoint answers for a use case: the section ``serve``."""

from typing import Annotated, Literal

from pydantic import Field

from driftgate.records import Record


class CapturePolicy(Record):
    """What is kept of the answers.

    :param share: of the request keys whose answers are captured while a champion serves alone. The same key is always
        in or always out; failures, and whatever a shadow or canary step compares, are captured whole
    :param retention_days: how long captures are kept, if shorter than the project's data classes say. The nightly
        reconciliation needs a week
    """

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    retention_days: Annotated[int, Field(ge=7)] | None = None


class Serve(Record):
    """What callers rely on.

    :param api_version: the number in the path ``/v1/<use case>/predict``; raise it with a change that breaks callers
    :param fallback: what answers a request that the champion failed on. ``rule``: the rule of ``train.rule_by`` that
        was fitted on the champion's own training rows; ``none``: nothing, the caller gets a 503
    :param rto_minutes: how long it may take to serve the champion again after its environment was lost
    :param format: what walks the trees of a LightGBM model. ``as_trained``: LightGBM; ``onnx``: onnxruntime, where it
        gives the same scores; ``fastest``: onnxruntime, where it is also faster. Where it is not, the original ships
    """

    api_version: Annotated[int, Field(ge=1)] = 1
    fallback: Literal["rule", "none"] = "none"
    rto_minutes: Annotated[float, Field(gt=0)] = 15
    format: Literal["as_trained", "onnx", "fastest"] = "as_trained"
    capture: CapturePolicy = CapturePolicy()
