"""Running the command line in-process, and reading what it printed."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from driftgate.cli import app
from driftgate.cli.sentences import out


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no table is cut, also where there is none."""
    monkeypatch.setattr(out, "_width", 200)
    monkeypatch.setattr(out, "_height", 50)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run ``driftgate`` with the given arguments."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
