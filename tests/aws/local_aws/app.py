"""The WSGI application: control routes, then calls that are denied or throttled, then moto."""

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws.control import answer, control

ACCOUNT = "123456789012"
WHO = f"arn:aws:sts::{ACCOUNT}:assumed-role/driftgate-worker/task"
BATCH = "CancelJob DescribeComputeEnvironments DescribeJobDefinitions DescribeJobQueues DescribeJobs ListJobs"
BATCH += " RegisterJobDefinition SubmitJob TerminateJob"
# Batch has one path for each action, the JSON services name it in a header.
BATCH_PATHS = {f"/v1/{action.lower()}": f"batch:{action}" for action in BATCH.split()}
SERVICES = {"AmazonEC2ContainerServiceV20141113": "ecs", "Logs_20140328": "logs"}

S3_METHODS = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}

Start = Callable[[str, list[tuple[str, str]]], Any]


class App:
    """Moto, with what the tests ask of it in between."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/_control/"):
            data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return _json(start, "200 OK", answer(path.rpartition("/")[2], data))
        action = _action(environ)
        control.calls[action] += 1
        signed = environ.get("HTTP_AUTHORIZATION", "")
        control.stacks |= "/cloudformation/aws4_request" in signed
        if "/s3/aws4_request" in signed:
            control.s3[_s3_call(environ)] += 1
        if action in control.denied:
            return _error(start, action, 403, "AccessDeniedException", _not_authorized(action))
        if control.take(control.throttled, action):
            kind = "TooManyRequestsException" if action.startswith("batch:") else "ThrottlingException"
            return _error(start, action, 429, kind, "Too Many Requests")
        if control.take(control.unanswered, action):
            self._carry_out(environ)
            return _error(start, action, 500, "ServerException", "The answer got lost")
        return self._moto(environ, start)

    def _carry_out(self, environ: dict[str, Any]) -> None:
        data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(data)
        b"".join(self._moto(environ, lambda status, headers, _=None: None))


def _action(environ: dict[str, Any]) -> str:
    service, _, name = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if name:
        return f"{SERVICES.get(service, service)}:{name}"
    return BATCH_PATHS.get(environ["PATH_INFO"], "other")


def _s3_call(environ: dict[str, Any]) -> str:
    """Return who calls what on what: ``test s3:GetObject bucket/path``."""
    who = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].partition("/")[0]
    bucket, _, path = environ["PATH_INFO"].lstrip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    action = S3_METHODS[method] if path else "ListBucket" if method in ("GET", "HEAD") else "other"
    return f"{who} s3:{action} {bucket}/{path}"


def _not_authorized(action: str) -> str:
    return (
        f"User: {WHO} is not authorized to perform: {action} on resource: {control.denied[action]} "
        f"because no identity-based policy allows the {action} action"
    )


def _error(start: Start, action: str, status: int, kind: str, message: str) -> Iterable[bytes]:
    if action.startswith("batch:"):
        return _json(start, f"{status} {kind}", json.dumps({"message": message}).encode(), ("x-amzn-ErrorType", kind))
    status = 400 if status < 500 else status
    return _json(start, f"{status} {kind}", json.dumps({"__type": kind, "message": message}).encode())


def _json(start: Start, status: str, data: bytes, *headers: tuple[str, str]) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(data))), *headers])
    return [data]
