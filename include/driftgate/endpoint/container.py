"""``python -m driftgate.endpoint serve`` in a container of SageMaker: one model version from ``/opt/ml/model``.

The package is copied into a lake and a metadata store of this container alone, after its signature was checked by the
key of KMS; from there on it is the same server. SageMaker's data capture writes down what was asked and answered. It
reads the bodies only, so that an answer carries what it took: ``latency_ms``.
"""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.captures import Journal
from driftgate.endpoint.server import Server
from driftgate.errors import ConfigError, Tampered
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.records import parse_record
from driftgate.registry.package import load_serving_package
from driftgate.registry.states import State, model_state, move_state
from driftgate.registry.versions import (
    POINTER,
    SIGNATURE,
    ModelVersion,
    parse_json,
    record_registration,
    registration_of,
)
from driftgate.settings import settings
from driftgate.signing import parse_signature, verify

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

SERVES = "DRIFTGATE_SERVES"
ACTOR = "sagemaker"


class Uncaptured(Journal):
    """Keeps nothing: what a container writes goes with it, and SageMaker captures."""

    def append(self, lines: bytes, place: str = "") -> None:
        """Let it go."""


def container_server() -> "Timed":
    """Return the server of the version that ``DRIFTGATE_SERVES`` names (``flight_delays/7``).

    :raises ConfigError: the variable or the package is not there, or it is the package of another version
    :raises Tampered: the package is not what a trusted key signed
    """
    use_case, _, version = os.environ.get(SERVES, "").partition("/")
    if not use_case or not version:
        raise ConfigError(f"{SERVES} must say what this container serves, such as flight_delays/7; set it.")
    folder = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    _take_in(folder, use_case, version)
    return Timed(Server(Uncaptured(Path(settings().journal))))


class Timed:
    """Adds to each answer in JSON how many milliseconds it took."""

    def __init__(self, server: Server) -> None:
        self.server, self.admission = server, server.admission

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http" or scope["path"] != "/invocations":
            await self.server(scope, receive, send)
            return
        began, held = time.perf_counter(), list[Any]()

        async def timed(message: "Message") -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            start, body = held[0], message.get("body", b"")
            if start["status"] == 200 and body.startswith(b"{"):
                took = 1000 * (time.perf_counter() - began)
                body = body[:-1] + f',"latency_ms":{took:.3f}}}'.encode()
                headers = [one for one in start["headers"] if one[0] != b"content-length"]
                start = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
            await send(start)
            await send({**message, "body": body})

        await self.server(scope, receive, timed)


def _take_in(folder: Path, use_case: str, version: str) -> None:
    """Make the package in ``folder`` a version of this container, unless an earlier start has."""
    if not (folder / POINTER).is_file():
        raise ConfigError(f"There is no {POINTER} in {folder}: SageMaker has put no package of a model there.")
    if registration_of(use_case, version) is None:
        record_registration(_signed(folder, use_case, version))
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        lake().write(f"{uris.package(use_case, version)}/{file.name}", file.read_bytes())
    way: tuple[State, ...] = ("candidate", "approved")  # decided where the model was made
    if model_state(use_case, version) is None:
        for state in way:
            move_state(use_case, version, state, actor=ACTOR, reason="put before users by the project")
    load_serving_package(use_case, version)  # one that cannot be loaded must end the container, not answer 503 for ever
    _deploy(use_case, version)


def _signed(folder: Path, use_case: str, version: str) -> ModelVersion:
    raw, where = (folder / POINTER).read_bytes(), str(folder / POINTER)
    if not (folder / SIGNATURE).is_file():
        raise Tampered(f"{folder / SIGNATURE} is gone, and no package is loaded unsigned; deploy the version again.")
    signature = parse_signature((folder / SIGNATURE).read_bytes(), str(folder / SIGNATURE))
    verify("package", raw, signature, what=where)
    model = parse_record(parse_json(raw, where), ModelVersion, where=where)
    if (model.use_case, model.version) != (use_case, version):
        raise ConfigError(
            f"{folder} holds version {model.version} of {model.use_case}, and {SERVES} says {use_case}/{version}."
        )
    return model


def _deploy(use_case: str, version: str) -> None:
    from driftgate.promotion.state import KIND, SERVING, DeploymentState, deployment, variants

    if deployment(use_case) is None:
        state = DeploymentState(
            use_case=use_case,
            revision=1,
            step=SERVING,
            champion=version,
            variants=variants(version, None, SERVING),
            actor=ACTOR,
            reason="this container serves one version",
        )
        body = state.model_dump(mode="json", exclude={"revision"})
        metadata().append(KIND, use_case, body, expected=0)
