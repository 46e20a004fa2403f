"""The command line starts at once and loads nothing heavy before it knows what is asked."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

HEAVY = {
    "pandas",
    "pyarrow",
    "duckdb",
    "lightgbm",
    "sklearn",
    "scipy",
    "great_expectations",
    "mlflow",
    "boto3",
    "dvc",
    "airflow",
}


def test_help_takes_less_than_a_second_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [sys.executable, "-m", "driftgate.cli", "--help"], capture_output=True, text=True, check=True
    )

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
    for command in ("contract", "dataset", "lineage", "model", "doctor", "demo", "replay", "up", "stop"):
        assert command in answer.stdout


def test_nothing_heavy_is_loaded_before_a_command_runs() -> None:
    script = "import sys, driftgate.cli; print(' '.join(name for name in sys.modules if '.' not in name))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not HEAVY & set(answer.stdout.split()), "Import these inside the command that needs them."


def test_a_wrong_input_is_one_sentence_and_exit_code_one(run: Callable[..., Any]) -> None:
    answer = run("lineage", "trace", "flight_delays/1")

    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.output


def test_an_unknown_environment_is_a_sentence_too(run: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setenv("DRIFTGATE_ENV", "locall")
    answer = run("lineage", "verify")

    assert answer.exit_code == 1
    assert "did you mean 'local'" in answer.stderr


def test_a_folder_that_cannot_be_used_is_a_sentence(run: Callable[..., Any], monkeypatch: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "file" / "home"))
    answer = run("dataset", "issues", "weather")

    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert answer.stderr.startswith(str(tmp_path / "file")) and "make it usable" in answer.stderr


def test_a_database_that_does_not_answer_is_a_sentence(
    run: Callable[..., Any], monkeypatch: Any, tmp_path: Any
) -> None:
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path))
    (tmp_path / "metadata.db").write_bytes(b"this is not a database" * 100)
    answer = run("dataset", "issues", "weather")

    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "(file is not a database)" in answer.stderr


def test_a_mistake_of_ours_keeps_its_traceback(run: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("driftgate.contracts.issues.issues", lambda _: 1 / 0)

    assert isinstance(run("dataset", "issues", "weather").exception, ZeroDivisionError)


def test_a_table_that_goes_into_a_pipe_is_not_cut() -> None:
    script = (
        "from rich.table import Table; from driftgate.cli.sentences import out;"
        "table = Table(*'abcdef'); table.add_row(*['a column of some width'] * 6); out.print(table)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert answer.stdout.count("a column of some width") == 6
