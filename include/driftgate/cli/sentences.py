"""Errors on the command line: one red sentence and exit code 1, never a traceback for what a person can mend."""

import os
import sys
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from driftgate.errors import Conflict, DriftgateError, EndpointSilent, SourceUnready

WIDE = 200  # columns of a table that goes into a file or a pipe, where 80 would cut it
_width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE

out = Console(soft_wrap=True, width=_width)
"""Where answers go; long lines are left whole, so that they can be copied and searched."""

err = Console(stderr=True, soft_wrap=True)
"""Where errors go."""


class Sentences(TyperGroup):
    """A group of commands that turns our own errors into sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (DriftgateError, Conflict, EndpointSilent, SourceUnready) as error:
            fail(str(error))
        except Exception as error:
            if sentence := _about_the_outside(error):
                fail(sentence)
            raise


def _about_the_outside(error: Exception) -> str | None:
    """Return what a person can mend outside of this program; None is an error of ours, whose traceback is wanted.

    Libraries are known by name, for most commands load neither.
    """
    library = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; make it usable or name another, then run this again."
    if library == "sqlalchemy":
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        return f"A database does not answer as it should ({said}); see 'metadata' and 'online' in the settings file."
    if library == "botocore":
        return f"The object store does not answer as it should ({error}); see the settings file and the credentials."
    return None


def fail(sentence: str) -> None:
    """Print ``sentence`` in red and end with exit code 1."""
    err.print(sentence, style="red", markup=False, highlight=False)
    raise typer.Exit(1)
