"""A whole backtest: the same bytes however often it is interrupted, a report that adds up, sentences for errors."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from driftgate.backtest.backtest import Written, asked_for, backtest
from driftgate.cli import app
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.use_cases import UseCase, load_use_case

BEGIN, END = "2013-05-26", "2013-06-04"
POLICIES = ("never", "shipped", "weekly")


class Killed(BaseException):
    """The process ended here."""


def bytes_of(written: Written) -> tuple[str, bytes, bytes]:
    """Return name, data and page."""
    return written.page, lake().read(written.data), lake().read(written.page)


@pytest.fixture(scope="module")
def whole(shop: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Written, object]]:
    """A backtest that nothing interrupted, and its bytes."""
    home = tmp_path_factory.mktemp("whole")
    shutil.copytree(shop[1], home, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_PROJECT", str(shop[0]))
        patch.setenv("DRIFTGATE_ENV", "local")
        written = backtest(asked_for(load_use_case("returns"), BEGIN, END, POLICIES), split="2013-05-31")
        yield written, bytes_of(written)


def test_a_killed_run_goes_on_where_it_was_and_ends_in_the_same_bytes(
    whole: tuple[Written, object], returns: UseCase
) -> None:
    asked, told = asked_for(returns, BEGIN, END, POLICIES), list[tuple[str, int]]()

    def killed(policy: str, nights: int) -> None:
        if (policy, nights) == ("shipped", 8):
            raise Killed

    with pytest.raises(Killed):
        backtest(asked, split="2013-05-31", say=killed)
    resumed = backtest(asked, split="2013-05-31", say=lambda policy, nights: told.append((policy, nights)))
    assert bytes_of(resumed) == whole[1]
    assert ("never", 3) not in told, "what was written was not played again"
    assert ("shipped", 3) not in told, "May was written before the kill in June"
    assert ("shipped", 8) in told


@pytest.mark.soak
def test_processes_change_nothing(whole: tuple[Written, object], returns: UseCase) -> None:
    asked = asked_for(returns, BEGIN, END, POLICIES)
    assert bytes_of(backtest(asked, split="2013-05-31", processes=2)) == whole[1]


def test_the_report_adds_up(whole: tuple[Written, object]) -> None:
    report = whole[0].report
    never, shipped, weekly = report.outcomes
    best = max(report.outcomes, key=lambda one: one.value)
    assert (report.chosen, report.best) == ("shipped", best.name)
    assert min(shipped.value, weekly.value) > never.value, "what causes returns changed on the first day"
    assert (best.regret, never.regret) == (0.0, pytest.approx(best.value - never.value, abs=1e-5))
    assert (never.periods[0].share_of_gain, weekly.periods[0].share_of_gain) == (0.0, 1.0)
    assert [period.name for period in shipped.periods] == ["all", "to 2013-05-31", "after 2013-05-31"]
    first = weekly.trainings[0]
    assert (first.rule, first.outcome, first.false_alarm) == ("schedule_due", "champion", False)
    assert first.gain_in_service is not None
    assert first.gain_in_service > 0
    assert shipped.training_usd == pytest.approx(len(shipped.trainings) * report.cost.usd)
    assert (never.training_usd, never.on_frontier, best.on_frontier) == (0.0, True, True)
    assert sum(shipped.decisions.values()) == len(shipped.days) == 10


def test_the_command_prints_a_table_and_the_place_of_the_page(returns: UseCase) -> None:
    options = ["backtest", "returns", "--from", BEGIN, "--to", "2013-05-28", "--policy", "never", "--processes", "1"]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    page = Path(result.output.strip().splitlines()[-1].removeprefix("file://"))
    assert "The first model serves all the time." in page.read_text()
    assert "Not judged: service, skew, attribution, agreement." in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["outcomes"][0]["name"] == "never"


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2013-04-01", END, "--from 2013-04-01 is no day of returns: the lake has 2013-04-20 to 2013-06-04 of events"),
        (BEGIN, "2013-06-05", "--to 2013-06-05 is no day of returns"),
        (END, BEGIN, "the last partition is before the first"),
        ("2013-04-28", END, "No model can serve on 2013-04-28, so nothing can be replayed from it"),
        ("20 May", END, "'20 May' is not a date"),
    ],
)
def test_a_range_that_cannot_be_played_is_a_sentence(returns: UseCase, first: str, last: str, says: str) -> None:
    result = CliRunner().invoke(app, ["backtest", "returns", "--from", first, "--to", last, "--policy", "never"])
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())


def test_what_is_chosen_and_where_it_is_split_must_be_there(returns: UseCase) -> None:
    asked = asked_for(returns, BEGIN, END, ("never",))
    with pytest.raises(ConfigError, match="--chosen 'nevr' is none of the policies; did you mean 'never'"):
        backtest(asked, chosen="nevr")
    with pytest.raises(ConfigError, match="--split 2014-01-01 does not lie between"):
        backtest(asked, split="2014-01-01")


def test_a_lake_without_verdicts_has_nothing_to_decide_again(returns: UseCase) -> None:
    result = CliRunner().invoke(app, ["backtest", "returns", "--recorded"])
    assert result.exit_code == 1
    assert "no recorded verdict" in " ".join(result.output.split())
