"""``driftgate contract lint`` says what is wrong with the files of a pull request, one sentence each."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.settings import project_root


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of this test's own with the shipped contracts and use cases."""
    root = tmp_path / "project"
    for name in ("data_contracts", "include/use_cases", "include/settings"):
        shutil.copytree(project_root() / name, root / name)
    shutil.copy(project_root() / "include/compute.yaml", root / "include/compute.yaml")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    return root


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_what_is_shipped_is_fit_to_run(run: Callable[..., Any]) -> None:
    answer = run("contract", "lint")
    assert answer.exit_code == 0, answer.stderr
    names = {Path(line.split()[-1]).name for line in answer.stdout.splitlines()}
    assert names == {"flights.yaml", "weather.yaml", "planes.yaml", "use_case.yaml"}
    assert answer.stdout.count("✓") == 5


def test_a_broken_contract_is_named_and_the_others_are_still_judged(run: Callable[..., Any], project: Path) -> None:
    replace(project / "data_contracts/weather.yaml", "severity: row", "severity: rowe")
    answer = run("contract", "lint", *sorted((project / "data_contracts").glob("*.yaml")))
    assert answer.exit_code == 1
    assert f"✗ {project}/data_contracts/weather.yaml" in answer.stdout
    assert answer.stdout.count("✓") == 2
    assert "weather.yaml" in answer.stderr
    assert "'rowe'" in answer.stderr
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    ("old", "new", "telling"),
    [
        ("name: tail_number", "nmae: tail_number", "nmae"),
        ("logicalType: string", "logicalType: strin", "strin"),
        ("apiVersion: v3.1.0", "apiVersion: v9", "v9"),
        ("version: 1.2.0", "version: 1.2.0\nversion: 1.2.1", "key 'version' is written twice"),
        ("name: planes\n", "name: !!python/name:os.getcwd\n", "is not valid YAML"),
    ],
)
def test_what_is_wrong_in_a_contract_is_in_the_sentence(
    run: Callable[..., Any], project: Path, old: str, new: str, telling: str
) -> None:
    path = project / "data_contracts/planes.yaml"
    replace(path, old, new)
    answer = run("contract", "lint", path)
    assert answer.exit_code == 1
    assert str(path) in answer.stderr
    assert telling in answer.stderr
    assert "Traceback" not in answer.output


def test_a_broken_use_case_fails_beside_good_contracts(run: Callable[..., Any], project: Path) -> None:
    replace(project / "include/use_cases/flight_delays/use_case.yaml", "problem: binary", "problm: binary")
    answer = run("contract", "lint")
    assert answer.exit_code == 1
    assert "unknown key 'problm'; did you mean 'problem'?" in answer.stderr
    assert answer.stdout.count("✓") == 4


@pytest.mark.parametrize(
    ("name", "telling"), [("nothing.yaml", "does not exist; correct the name"), ("", "cannot be read (Is a directory)")]
)
def test_a_path_that_is_no_file_is_a_sentence(run: Callable[..., Any], project: Path, name: str, telling: str) -> None:
    answer = run("contract", "lint", project / "data_contracts" / name)
    assert answer.exit_code == 1
    assert telling in answer.stderr
    assert "Traceback" not in answer.output


def test_a_file_that_is_no_text_is_a_sentence(run: Callable[..., Any], project: Path) -> None:
    path = project / "data_contracts/planes.yaml"
    path.write_bytes(os.urandom(300) + b"\xff\xfe")
    answer = run("contract", "lint", path)
    assert answer.exit_code == 1
    assert f"{path} is not" in answer.stderr


def test_a_path_in_brackets_is_printed_whole(run: Callable[..., Any], project: Path) -> None:
    path = project / "data_contracts/[old] planes.yaml"
    (project / "data_contracts/planes.yaml").rename(path)
    assert f"{path}" in run("contract", "lint", path).stdout


def test_doctor_says_what_lint_says(run: Callable[..., Any], project: Path) -> None:
    replace(project / "data_contracts/planes.yaml", "logicalType: string", "logicalType: strin")
    answer = run("doctor")
    assert answer.exit_code == 1
    assert "✗ contracts" in answer.stdout
    assert "✓ settings" in answer.stdout
    assert "strin" in answer.stderr


def test_doctor_is_green_where_everything_is_in_place(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from driftgate.world import machine

    monkeypatch.setattr(machine, "FREE_DISK_BYTES", 1)
    monkeypatch.setattr(machine, "FREE_MEMORY_BYTES", 1)
    for name in ("DRIFTGATE_AIRFLOW_PORT", "DRIFTGATE_EXECUTION_PORT", "DRIFTGATE_ENDPOINT_PORT"):
        monkeypatch.setenv(name, "1")  # nobody listens there
    answer = run("doctor")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.count("✓") == 9


def test_a_folder_without_any_contract_is_no_success(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    answer = run("contract", "lint")
    assert answer.exit_code == 1
    assert f"{tmp_path} has no data contract and no use case" in answer.stderr
