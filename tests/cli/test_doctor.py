"""``driftgate doctor`` says what is wrong with this machine in one sentence each, and ends with exit code 1."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.cli import doctor


def test_a_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "file" / "state"))

    (problem,) = doctor.home_writable()
    assert "cannot be written" in problem
    assert "set DRIFTGATE_HOME" in problem


def test_a_machine_without_git_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert "git is not installed" in next(doctor.git_present())


def test_an_unsupported_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SUPPORTED", ((3, 99),))

    assert "is not supported; install Python 3.11" in next(doctor.python_version())


def test_one_problem_ends_with_exit_code_one(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (("settings", doctor.settings_parse),))
    assert run("doctor").exit_code == 0
    monkeypatch.setenv("DRIFTGATE_ENV", "nowhere")
    answer = run("doctor")

    assert answer.exit_code == 1
    assert "DRIFTGATE_ENV is 'nowhere'" in answer.stderr
