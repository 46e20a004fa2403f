"""Runs as ``python -m stub --job <uri>`` with nothing but the standard library, so that a job is there in no time.

It notes every start, every end and every SIGTERM in the folder that its spec names, and "saves a checkpoint" there.
"""

import hashlib
import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

uri = sys.argv[sys.argv.index("--job") + 1]
path = uri if uri.startswith("file:") else os.environ["AWS_ENDPOINT_URL"] + "/" + uri.removeprefix("s3://")
signed = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20130101/eu-west-1/s3/aws4_request, Signature=none",
    "Content-Type": "application/json",
}


def ask(body=None):
    where = path if body is None else path.replace("spec.json", "result.json")
    request = urllib.request.Request(where, body, signed, method="GET" if body is None else "PUT")
    return urllib.request.urlopen(request).read()


data = ask()
spec = json.loads(data)
board, do = Path(spec["parameters"]["board"]), spec["parameters"]["do"]


def tell(what):
    with (board / "told").open("a") as told:
        told.write(f"{spec['job_id']} {what} {os.getpid()}\n")


def interrupted(*_):
    tell("interrupted")
    (board / "saved").touch()
    print("saved", flush=True)  # noqa: T201  its log
    sys.exit(75)


signal.signal(signal.SIGTERM, interrupted)
tell("started")
print("started", do, flush=True)  # noqa: T201  its log
while do == "wait" and not (board / "go").exists():
    time.sleep(0.02)
if do == "crash":
    raise RuntimeError("the disk is full")
if do == "refuse":
    sys.stderr.write("Feature 'x' is null in all 2 training rows; leave it out.\n")
    sys.exit(65)
result = dict(
    schema_version=2,
    job_id=spec["job_id"],
    spec_sha256=hashlib.sha256(data).hexdigest(),
    artefacts={},
    model_file="model.txt",
    metrics={"validation_auc": 0.7},
    stop_reason="all_iterations",
    seconds=1,
    cpu_seconds=1,
    peak_memory_mib=1,
)
if uri.startswith("file:"):
    folder = Path(uri.removeprefix("file://")).parent
    (folder / "result.json.new").write_text(json.dumps(result))
    (folder / "result.json.new").replace(folder / "result.json")
else:
    ask(json.dumps(result).encode())
tell("done")
