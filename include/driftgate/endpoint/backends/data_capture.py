"""What SageMaker's data capture wrote, as our captures, so that judge and monitors see no difference.

What differs: a request without an answer is not there; a row holds what the caller sent, without what was joined to it;
``latency_ms`` is the container's own time for the whole request; ``prediction_id`` is made from the row, so that a
shadow's answer meets the caller's, and is not the one that the caller got; the revision is that of the newest record at
the time of the request, which SageMaker may have begun to follow minutes later. Personal values are treated here:
until a file is moved, it holds what the caller sent.
"""

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from driftgate import uris
from driftgate.captures import Capture, Role
from driftgate.captures.capture import day_of, features_text, request_key
from driftgate.captures.segments import publish_segment, segment_lines
from driftgate.endpoint.backends.sagemaker_requests import CHAMPION, endpoint_name
from driftgate.endpoint.treating import treating
from driftgate.errors import Tampered
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion.state import KIND, DeploymentState, parse_state
from driftgate.records import sha256
from driftgate.use_cases import UseCase, load_use_case

log = logging.getLogger(__name__)

History = list[tuple[datetime, DeploymentState]]


def collect(use_case_name: str) -> int:
    """Move every file of data capture into the captures, and return how many rows were in them.

    The name of what is written comes from the file, which is removed afterwards: whatever dies in between, no answer is
    there twice. A file that cannot be read is kept in the lake's quarantine.
    """
    use_case, rows = load_use_case(use_case_name), 0
    history = [(entry.written_at, parse_state(entry)) for entry in metadata().history(KIND, use_case_name)]
    for path in lake().list(uris.data_capture(endpoint_name(use_case_name))):
        try:
            data = lake().read(path)
        except FileNotFoundError:
            continue  # another process takes it over at this moment
        try:  # sagemaker/<endpoint>/<variant>/<year>/<month>/<day>/<hour>/<file>.jsonl
            found = list(captures_of(use_case, path.split("/")[2], data, history))
        except (Tampered, KeyError, TypeError, ValueError, AttributeError) as problem:
            log.error("%s is no file of data capture (%s); it is kept under quarantine/.", path, type(problem).__name__)
            lake().write(f"quarantine/{path}", data)
        else:
            publish_segment(lake(), f"sagemaker-{sha256(path.encode())[:16]}", segment_lines(found))
            rows += len(found)
        lake().delete(path)
    return rows


def captures_of(use_case: UseCase, variant: str, data: bytes, history: History) -> Iterator[Capture]:
    """Return the rows that one file holds of a variant's answers.

    :param history: the deployment states with the time at which each was recorded, oldest first
    :raises Tampered: the file holds an answer of a model that no state knows
    """
    treats = treating(use_case)
    for line in data.splitlines():
        event = json.loads(line)
        asked, answer = (_body(event["captureData"].get(side)) for side in ("endpointInput", "endpointOutput"))
        if not asked or not answer or "predictions" not in answer:
            continue  # a refusal, or the half of a request that was not sampled
        at = datetime.fromisoformat(event["eventMetadata"]["inferenceTime"]).astimezone(UTC)
        for row, prediction in zip(asked["rows"], answer["predictions"], strict=True):
            state = _state(history, at, prediction["model_version"])
            role = _role(state, variant, prediction)
            kept = treats.row(row) if treats else row
            yield _capture(use_case, state, role, kept, prediction, at, float(answer["latency_ms"]))


def _capture(
    use_case: UseCase,
    state: DeploymentState,
    role: Role,
    row: dict[str, Any],
    prediction: dict[str, Any],
    at: datetime,
    latency_ms: float,
) -> Capture:
    key, event_time = request_key(row, use_case.request_key), row[use_case.event_time]
    day_of(event_time)
    failed = role != "fallback" and prediction["role"] == "fallback"
    return Capture(
        prediction_id=sha256(f"{use_case.name} {event_time} {key}".encode())[:32],
        use_case=use_case.name,
        variant_role=role,
        model_version=prediction["model_version"],
        deployment_revision=state.revision,
        step=state.step,
        score=None if failed else float(prediction["score" if use_case.problem == "binary" else "value"]),
        error="its fallback answered" if failed else None,
        latency_ms=latency_ms,
        received_at=at,
        event_time=event_time,
        request_key=key,
        features=features_text(row),
    )


def _body(side: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return one body; JSON is written as it is or, where SageMaker does not know the content type, in Base64."""
    if side is None:
        return None
    data = side["data"]
    found = json.loads(base64.b64decode(data, validate=True) if side["encoding"] == "BASE64" else data)
    if not isinstance(found, dict):
        raise TypeError("no body of ours")
    return found


def _state(history: History, at: datetime, version: str) -> DeploymentState:
    serving = [(written, state) for written, state in history if version in {one.version for one in state.variants}]
    if not serving:
        raise Tampered(f"No deployment of the use case ever had version {version[:20]!r}.")
    return next((state for written, state in reversed(serving) if written <= at), serving[0][1])


def _role(state: DeploymentState, variant: str, prediction: dict[str, Any]) -> Role:
    """Return the role of the variant in that state; its container thinks that it is the only one."""
    if variant == CHAMPION:
        return "fallback" if prediction["role"] == "fallback" else "champion"
    return "shadow" if state.step == "shadow" else "canary"
