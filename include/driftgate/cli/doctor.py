"""``driftgate doctor``: is this machine, this checkout, this configuration fit to run?"""

import shutil
import sys
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile

import typer

from driftgate.cli.sentences import err, out
from driftgate.errors import DriftgateError
from driftgate.world import machine

SUPPORTED = ((3, 11), (3, 12))


def doctor() -> None:
    """Check Python, git, disk, memory, ports, settings, contracts and use cases; exit code 1 if one is wrong."""
    failed = 0
    for name, check in CHECKS:
        problems = _problems(check)
        failed += len(problems)
        out.print(f"[{'red' if problems else 'green'}]{'✗' if problems else '✓'}[/] {name}")
        for problem in problems:
            err.print(f"  {problem}", style="red", markup=False, highlight=False)
    if failed:
        raise typer.Exit(1)


def _problems(check: Callable[[], Iterator[str]]) -> list[str]:
    try:
        return list(check())
    except DriftgateError as error:
        return [str(error)]


def python_version() -> Iterator[str]:
    """Airflow's packages are pinned for these versions only."""
    if sys.version_info[:2] not in SUPPORTED:
        yield f"Python {sys.version.split()[0]} is not supported; install Python 3.11 and start again with it."


def git_present() -> Iterator[str]:
    """Dataset versions are tags of a git repository."""
    if shutil.which("git") is None:
        yield "git is not installed; install it, for example with 'apt-get install git'."


def home_writable() -> Iterator[str]:
    """All state of a laptop lives in one folder."""
    from driftgate.settings import home

    try:
        home().mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=home()):
            pass
    except OSError as error:
        yield f"The state folder {home()} cannot be written ({error.strerror}); mend its rights or set DRIFTGATE_HOME."


def settings_parse() -> Iterator[str]:
    """The settings file of DRIFTGATE_ENV."""
    from driftgate.settings import settings

    settings()
    yield from ()


def contracts_parse() -> Iterator[str]:
    """Every file in data_contracts/."""
    from driftgate.cli.contract import contract_files
    from driftgate.contracts import lint_contract

    for path in contract_files():
        yield from lint_contract(path)


def use_cases_parse() -> Iterator[str]:
    """Every folder in include/use_cases/."""
    from driftgate.cli.contract import use_case_files
    from driftgate.cli.use_case_lint import lint_use_case

    for path in use_case_files():
        yield from lint_use_case(path)


CHECKS: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("Python", python_version),
    ("git", git_present),
    ("state folder", home_writable),
    ("settings", settings_parse),
    ("disk", machine.disk_space),
    ("memory", machine.memory),
    ("ports", machine.ports),
    ("contracts", contracts_parse),
    ("use cases", use_cases_parse),
)
