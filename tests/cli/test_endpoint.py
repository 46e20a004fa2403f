"""``driftgate endpoint openapi``: written from the use cases, checked against its file and against its callers."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.settings import project_root

FILE = "docs/reference/openapi.json"
SELECTED = "distance_miles"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one use case in a repository of its own; the work goes on in a branch."""
    root = tmp_path / "project"
    for name in ("data_contracts", "include/use_cases/flight_delays", "include/settings"):
        shutil.copytree(project_root() / name, root / name)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    return root


def git(root: Path, *arguments: str) -> None:
    named = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *named, *arguments], cwd=root, check=True, capture_output=True)


def test_the_file_in_git_is_what_the_use_cases_say(run: Callable[..., Any]) -> None:
    answer = run("endpoint", "openapi", "--check")
    assert (answer.exit_code, answer.stderr) == (0, "")


def test_a_stale_file_and_a_break_without_a_new_number_fail(run: Callable[..., Any], project: Path) -> None:
    assert run("endpoint", "openapi").exit_code == 0
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "state")
    git(project, "switch", "--quiet", "--create", "work")

    features = project / "include/use_cases/flight_delays/features.sql"
    features.write_text(features.read_text().replace("f.distance_miles", "f.distance_miles AS miles", 1))
    stale = run("endpoint", "openapi", "--check")
    assert stale.exit_code == 1
    assert f"{FILE} is not what the use cases say now; run 'driftgate endpoint openapi' and commit it." in _flat(stale)

    broken = run("endpoint", "openapi", "--against", "main")
    assert broken.exit_code == 1
    assert "/v1/flight_delays/predict: the request's body.rows[] must have 'miles' now" in _flat(broken)
    assert "raise 'serve.api_version'" in _flat(broken)

    use_case = project / "include/use_cases/flight_delays/use_case.yaml"
    use_case.write_text(use_case.read_text().replace("api_version: 1", "api_version: 2"))
    assert run("endpoint", "openapi", "--against", "main").exit_code == 0
    assert "/v2/flight_delays/predict" in json.loads((project / FILE).read_text())["paths"]


def test_without_a_branch_to_compare_with_it_says_so(run: Callable[..., Any], project: Path) -> None:
    answer = run("endpoint", "openapi", "--against", "main")
    assert answer.exit_code == 0
    assert f"There is no {FILE} of main here to compare with." in _flat(answer)


def _flat(answer: Any) -> str:
    return " ".join((answer.stdout + answer.stderr).split())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--url", "http://127.0.0.1:8810"), "serves your callers and captures what it is asked"),
        (("--url", "http://127.0.0.1:1", "--connections", "4,x"), "--connections is '4,x'"),
        (("--url", "http://127.0.0.1:1"), "has no champion with captured requests"),
    ],
)
def test_a_load_test_that_cannot_be_is_a_sentence(run, options, sentence):
    answer = run("endpoint", "loadtest", "flight_delays", "--peak", 100, *options)
    assert answer.exit_code == 1
    assert sentence in " ".join(answer.output.split())
