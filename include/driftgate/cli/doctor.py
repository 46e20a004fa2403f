"""``driftgate doctor``: is this machine, this checkout, this configuration fit to run?"""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import typer

from driftgate.cli.sentences import err, out
from driftgate.errors import DriftgateError

SUPPORTED = ((3, 11), (3, 12))
# What the demo may use, rounded up generously; the benchmark page says what it really used.
FREE_DISK_BYTES = 3 * 2**30
FREE_MEMORY_BYTES = 3 * 2**30


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


def disk_space() -> Iterator[str]:
    """Room for the state folder."""
    from driftgate.settings import home

    folder: Path = next(folder for folder in (home(), *home().parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    if free < FREE_DISK_BYTES:
        yield f"Only {_gib(free)} of disk is free at {folder}, {_gib(FREE_DISK_BYTES)} are needed; make room."


def memory() -> Iterator[str]:
    """Room for Airflow, the endpoint and one training."""
    import psutil

    free = psutil.virtual_memory().available
    if free < FREE_MEMORY_BYTES:
        yield f"Only {_gib(free)} of memory is free, {_gib(FREE_MEMORY_BYTES)} are needed; close other programs."


def ports() -> Iterator[str]:
    """The endpoint and the Airflow UI listen on loopback."""
    from driftgate.settings import settings

    configured = settings()
    airflow = urlsplit(configured.airflow.url)
    if airflow.hostname == "127.0.0.1":
        yield from _taken("Airflow", airflow.port or 80, "airflow.url")
    yield from _taken("the endpoint", configured.endpoint.port, "endpoint.port")


def _taken(who: str, port: int, setting: str) -> Iterator[str]:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0 and not _ours(port):
            yield (
                f"Port {port}, meant for {who}, is used by another program; stop that program or change {setting} in "
                "the settings file."
            )


def _ours(port: int) -> bool:
    """Return whether the program that listens on ``port`` was started from this checkout."""
    import psutil

    from driftgate.settings import project_root

    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            try:
                process = psutil.Process(connection.pid)
                return process.cwd() == str(project_root()) or str(project_root()) in " ".join(process.cmdline())
            except psutil.Error:
                return False
    return False


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


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


CHECKS: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("Python", python_version),
    ("git", git_present),
    ("state folder", home_writable),
    ("disk", disk_space),
    ("memory", memory),
    ("settings", settings_parse),
    ("ports", ports),
    ("contracts", contracts_parse),
    ("use cases", use_cases_parse),
)
