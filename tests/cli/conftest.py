"""Running the command line in-process, and reading what it printed."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from driftgate.cli import app


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run ``driftgate`` with the given arguments."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
