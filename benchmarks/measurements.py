"""What every benchmark script shares: its arguments, the rows it measures, the table it prints, processes that end."""

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
STOP_SECONDS = 15


@dataclass(frozen=True)
class Row:
    """One number: what was measured, of whom, and in which of the script's tables it stands."""

    measure: str
    subject: str
    value: float
    unit: str
    part: str = ""


def run_script(
    description: str, measure: Callable[[bool, Path], list[Row]], notes: Mapping[str, str] | None = None
) -> None:
    """Run ``measure(quick, folder)`` with an empty folder that is removed afterwards; print its rows as tables.

    :param notes: what a reader of the numbers must know, by the part of its rows; it stands before their table
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="less of everything, under a minute on two cores")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as a JSON list")
    parser.add_argument("--page", type=Path, metavar="FILE", help="also write notes and tables as Markdown")
    arguments = parser.parse_args()
    end_properly_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="driftgate-bench-") as folder:
        rows = measure(arguments.quick, Path(folder))
    told = "\n".join(page(rows, notes or {}))
    print(told)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if arguments.page:
        arguments.page.write_text(told + "\n")


def page(rows: Sequence[Row], notes: Mapping[str, str]) -> list[str]:
    """Return the lines of a Markdown page: for each part its note, then its table."""
    lines = []
    for part in dict.fromkeys(row.part for row in rows):
        if note := notes.get(part, "").strip():
            lines += [note, ""]
        lines += [*table([row for row in rows if row.part == part]), ""]
    return lines[:-1]


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a Markdown table: a line per measure, a column per subject."""
    subjects = list(dict.fromkeys(row.subject for row in rows))
    values = {(row.measure, row.unit, row.subject): number(row.value) for row in rows}
    measures = dict.fromkeys((row.measure, row.unit) for row in rows)
    lines = [["measure", "unit", *subjects], ["---", "---", *("---:" for _ in subjects)]]
    lines += [[*measure, *(values.get((*measure, subject), "") for subject in subjects)] for measure in measures]
    return ["| " + " | ".join(line) + " |" for line in lines]


def number(value: float) -> str:
    """Return a value with three significant digits, or whole when it is larger."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def end_properly_on_sigterm() -> None:
    """Let SIGTERM unwind the stack, so that started processes end and temporary folders go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))


@contextmanager
def process(command: Sequence[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that says what it has to say to ``log``; it has ended when the block is left."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
