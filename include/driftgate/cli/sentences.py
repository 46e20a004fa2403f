"""Errors on the command line: one red sentence and exit code 1, never a traceback for what a person can mend."""

from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from driftgate.errors import Conflict, DriftgateError, SourceUnready

out = Console(soft_wrap=True)
"""Where answers go; long lines are left whole, so that they can be copied and searched."""

err = Console(stderr=True, soft_wrap=True)
"""Where errors go."""


class Sentences(TyperGroup):
    """A group of commands that turns our own errors into sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (DriftgateError, Conflict, SourceUnready) as error:
            fail(str(error))


def fail(sentence: str) -> None:
    """Print ``sentence`` in red and end with exit code 1."""
    err.print(sentence, style="red", markup=False, highlight=False)
    raise typer.Exit(1)
