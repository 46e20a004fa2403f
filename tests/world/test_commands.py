"""The commands of the laptop's world say what is wrong in one sentence, before they send or start anything."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from driftgate.cli import app


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (
            ("flight_delay", "--from", "2013-04-01", "--to", "2013-04-02"),
            "There is no use case 'flight_delay' in .* did you mean 'flight_delays'?",
        ),
        (("flight_delays", "--from", "2013-4-1", "--to", "2013-04-02"), "'2013-4-1' is not a date; write it as YYYY"),
        (("flight_delays", "--from", "2013-04-01", "--to", "2099-01-01"), "'2099-01-01' lies in the future"),
        (("flight_delays", "--from", "2013-04-02", "--to", "2013-04-01"), "2013-04-02 to 2013-04-01 is empty"),
        (
            ("flight_delays", "--from", "2013-04-01", "--to", "2013-04-01", "--source", "nycflight"),
            "'nycflight'; did you mean 'nycflights'?",
        ),
        (("flight_delays", "--from", "2013-04-01", "--to", "2013-04-01"), "does not answer"),
    ],
)
def test_a_wrong_replay_is_one_sentence(
    run: Callable[..., Result], arguments: tuple[str, ...], telling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", "1")  # nobody listens there
    answer = run("replay", *arguments)
    assert answer.exit_code == 1
    for part in telling.split(" .* "):
        assert part in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.output


def test_a_replay_without_its_days_says_which_option_is_missing(run: Callable[..., Result]) -> None:
    answer = run("replay", "flight_delays")
    assert answer.exit_code == 2
    assert "--from" in answer.output


def test_stopping_when_nothing_runs_is_no_error(run: Callable[..., Result]) -> None:
    answer = run("stop")
    assert answer.exit_code == 0
    assert answer.stdout == "Nothing was running.\n"
