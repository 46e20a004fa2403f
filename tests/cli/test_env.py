"""``driftgate env`` says what it did and never replaces secrets that a database was created with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_it_writes_once_and_then_says_so(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))

    assert run("env").stdout == f"{tmp_path}/.env written.\n"
    first = (tmp_path / ".env").read_bytes()
    assert "exists and was left as it is" in run("env").stdout
    assert (tmp_path / ".env").read_bytes() == first
