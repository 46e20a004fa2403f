"""The page of results: a benchmark that runs again changes its own section, and each is told of in the README."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from driftgate.settings import project_root

FOLDER = project_root() / "benchmarks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("run")
    for name in ("run", "measurements"):
        del sys.modules[name]


def test_a_section_is_replaced_and_all_others_stay(run: ModuleType) -> None:
    page = (FOLDER / "RESULTS.md").read_text()
    once = run.merged(page, "backtest.py", "\nMeasured anew.\n")
    assert "\n\n## backtest.py\n\nMeasured anew.\n\n## endpoint.py\n" in once
    before = page.split("\n## backtest.py\n")
    assert once.startswith(before[0])
    assert once.endswith(before[1].split("\n## ", 1)[1])
    assert run.merged(once, "backtest.py", "\nMeasured anew.\n") == once


def test_a_section_that_no_script_makes_here_stands_behind_the_script_s_own(run: ModuleType) -> None:
    page = run.merged((FOLDER / "RESULTS.md").read_text(), "training_torch.py", "\nWithout a GPU.\n")
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    place = headings.index("training_torch.py")
    assert headings[place + 1] == "training_torch.py, on a GPU"


def test_every_script_is_there_and_in_the_readme(run: ModuleType) -> None:
    readme = (FOLDER / "README.md").read_text()
    for script in run.SCRIPTS:
        assert (FOLDER / script).exists()
        assert f"- `{script}`: " in readme


def test_a_page_has_the_note_of_each_part_before_its_table(run: ModuleType) -> None:
    measurements = sys.modules["measurements"]
    rows = [measurements.Row("a", "we", 1, "s", part) for part in ("one", "two")]
    lines = measurements.page(rows, {"two": "\nRead this."})
    table = ["| measure | unit | we |", "| --- | --- | ---: |", "| a | s | 1 |"]
    assert lines == [*table, "", "Read this.", "", *table]
