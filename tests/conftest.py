"""Every test gets its own empty state folder, so nothing leaks from one test to the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def project_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of this test; ``settings()``, ``lake()`` and ``metadata()`` point into it."""
    home = tmp_path / "driftgate"
    home.mkdir()
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    monkeypatch.setenv("DRIFTGATE_ENV", "local")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return home
