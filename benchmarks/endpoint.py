"""Requests at our endpoint, captures on, against the usual FastAPI app, MLflow's server and a bare ASGI app.

Single rows, then batches of 2,000 (two connections; a thread of LightGBM alone beside them), the most memory that each
server had, and what a shadow adds to the latency of single rows.

One worker of uvicorn each (uvloop, httptools), one after the other, the same model, the same rows, the same load
generator in another process, all on the same two cores. Our endpoint joins the entity features from its online store;
the others are sent them. The run fails when the answers differ or a capture is missing.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from endpoint_world import BATCH_ROWS, add_shadow, make_world
from measurements import FOLDER, Row, free_port, process, run_script

START_SECONDS = 60


@dataclass(frozen=True)
class Subject:
    """A server to measure: how it is started (``PORT`` in the command is replaced), and where it answers."""

    name: str
    command: tuple[str, ...]
    path: str
    bodies: str = "bodies.json"
    batch: str | None = None
    scores: bool = True
    captures: bool = False


def uvicorn(app: str) -> tuple[str, ...]:
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--port", "PORT"]
    return ("-m", "uvicorn", "--app-dir", str(FOLDER / "peer_apps"), *options, app)


OURS = Subject(
    "Driftgate",
    ("-m", "driftgate.endpoint"),
    "/invocations",
    bodies="requests.json",
    batch="batch_requests.json",
    captures=True,
)
SUBJECTS = (
    OURS,
    Subject("FastAPI, pandas", uvicorn("fastapi_app:app"), "/pandas", batch="batch_bodies.json"),
    Subject("FastAPI, NumPy", uvicorn("fastapi_app:app"), "/numpy", batch="batch_bodies.json"),
    # What `mlflow models serve --env-manager local` starts. It gets rows that are encoded already.
    Subject("MLflow", uvicorn("mlflow.pyfunc.scoring_server.app:app"), "/invocations", bodies="encoded.json"),
    Subject("bare ASGI, constant", uvicorn("constant_app:app"), "/", scores=False),
)


def measure(quick: bool, folder: Path) -> list[Row]:
    if hasattr(os, "sched_setaffinity"):  # a machine with more cores gives us two; what we start inherits them
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    connections, seconds = ((1, 16), 2) if quick else ((1, 16, 64), 8)
    os.environ |= {"DRIFTGATE_HOME": str(folder / "home"), "DRIFTGATE_ENV": "local"}
    os.environ |= {"BENCH_MODEL": str(folder), "__pyfunc_model_path__": str(folder / "mlflow")}
    expected = make_world(folder, days=7 if quick else 31)
    rows = [row for subject in SUBJECTS for row in _measured(subject, folder, expected, connections, seconds)]
    rows.append(_library(folder, seconds))
    add_shadow()
    shadowed = replace(OURS, name="Driftgate with a shadow", batch=None)
    return rows + _measured(shadowed, folder, expected, (16,), seconds)


def _measured(subject: Subject, folder: Path, expected: float, connections: Sequence[int], seconds: int) -> list[Row]:
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, *(part.replace("PORT", str(port)) for part in subject.command)]
    rows, answered = [], 1
    with process(command, log, {**os.environ, "DRIFTGATE_ENDPOINT_PORT": str(port)}) as server:
        answer = _first_answer(f"http://127.0.0.1:{port}{subject.path}", folder / subject.bodies, server, log)
        if subject.scores and abs(_score(answer) - expected) > 1e-12:
            sys.exit(f"{subject.name} answers {answer}, not the score {expected}, so nothing is compared.")
        for count in connections:
            found = _load(port, subject.path, folder / subject.bodies, count, seconds)
            answered += int(found["answered"])
            at = f"{count} connection{'s' if count > 1 else ''}"
            rows += [
                Row(f"single-row requests at {at}", subject.name, found["per_second"], "requests/s"),
                Row(f"latency p50 at {at}", subject.name, found["p50"], "ms"),
                Row(f"latency p99 at {at}", subject.name, found["p99"], "ms"),
            ]
        if subject.batch:
            found = _load(port, subject.path, folder / subject.batch, 2, seconds)
            answered += int(found["answered"]) * BATCH_ROWS
            rows.append(Row("rows of batches of 2,000", subject.name, found["per_second"] * BATCH_ROWS, "rows/s"))
        rows += _memory(subject, server)
    return [*rows, *_captured(subject, folder, answered)] if subject.captures else rows


def _first_answer(url: str, bodies: Path, server: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Return the answer to the first body, as soon as the server gives one."""
    body = json.loads(bodies.read_text())[0].encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
        time.sleep(0.1)
    sys.exit(f"The server at {url} gave no answer: {log.read_text()[-2000:]}")


def _score(answer: dict[str, Any]) -> float:
    prediction = answer["predictions"][0]
    return float(prediction["score"] if isinstance(prediction, dict) else prediction)


def _load(port: int, path: str, bodies: Path, connections: int, seconds: int) -> dict[str, float]:
    command = [sys.executable, str(FOLDER / "load_generator.py"), str(port), path, str(bodies)]
    command += [str(connections), str(seconds)]
    done = subprocess.run(command, check=True, timeout=seconds + START_SECONDS, capture_output=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _library(folder: Path, seconds: int) -> Row:
    """Return how many rows a thread of LightGBM alone scores, in batches of the same size."""
    import lightgbm as lgb
    import numpy as np

    booster = lgb.Booster(model_file=folder / "model.txt")
    rows = [json.loads(body)["inputs"][0] for body in json.loads((folder / "encoded.json").read_text())]
    matrix = np.resize(np.array(rows, dtype=float), (BATCH_ROWS, len(rows[0])))
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        booster.predict(matrix, num_threads=1)
        times.append(time.perf_counter() - started)
    return Row("rows of batches of 2,000", "LightGBM alone", BATCH_ROWS * len(times) / sum(times), "rows/s")


def _memory(subject: Subject, server: subprocess.Popen[bytes]) -> list[Row]:
    """Return the most memory that the server has had, where the system says so."""
    status = Path(f"/proc/{server.pid}/status")
    if not status.exists():
        return []
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return [Row("peak memory of the server", subject.name, int(line.split()[1]) / 1024, "MiB")]


def _captured(subject: Subject, folder: Path, answered: int) -> list[Row]:
    """Return the share of answers whose capture is in the lake, now that the endpoint has stopped.

    A shadow may drop copies when it cannot keep up; how many it scored is told.
    """
    captured, shadowed = 0, 0
    lake = folder / "home" / "lake" / "captures"
    for file in lake.rglob("*.jsonl"):
        data = file.read_bytes()
        shadowed += data.count(b'"variant_role":"shadow"')
        captured += data.count(b"\n")
    shutil.rmtree(lake)
    captured -= shadowed
    if captured != answered:
        sys.exit(f"{subject.name} answered {answered} rows and captured {captured}.")
    rows = [Row("answers found among the captures in the lake", subject.name, 100 * captured / answered, "%")]
    if shadowed:
        rows.append(Row("answers that the shadow scored too", subject.name, 100 * shadowed / answered, "%"))
    return rows


if __name__ == "__main__":
    run_script(__doc__, measure, {"": "The load generator runs on the same cores as the server."})
