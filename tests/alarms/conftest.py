"""Settings of a test's own, and a webhook that answers as the test says."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from driftgate.settings import project_root

Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Write the section ``alarms`` into the settings of a project that shares its use cases with the real one."""
    real = project_root()
    written = yaml.safe_load((real / "include" / "settings" / "local.yaml").read_text())

    def write(**alarms: Any) -> None:
        folder = tmp_path / f"project-{len(list(tmp_path.glob('project-*')))}"  # settings are read once a place
        (folder / "include" / "settings").mkdir(parents=True)
        for name in ("data_contracts", "include/use_cases"):
            (folder / name).symlink_to(real / name)
        (folder / "include" / "settings" / "local.yaml").write_text(yaml.safe_dump({**written, "alarms": alarms}))
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(folder))

    return write


class Webhook:
    """What came, and with which status the next answers are given."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.address = ""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A server on loopback; it takes everything unless told otherwise."""
    state = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = state.statuses.pop(0) if state.statuses else 204
            if status < 300:
                state.came.append((dict(self.headers), body))
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{state.address}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
