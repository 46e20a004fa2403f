"""What is found of air_time's champion on later days, on new data and on corrections, after the loop was played."""

import json
from importlib.util import find_spec

import pytest
from typer.testing import CliRunner

from driftgate import uris
from driftgate.alarms import alarms
from driftgate.cli import app
from driftgate.datasets import prepare
from driftgate.errors import CannotJudge
from driftgate.evaluation.dataset_check import read_check
from driftgate.evaluation.revalidate import revalidate
from driftgate.governance.dataset_check import check_version, tell
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.use_cases import load_use_case

from .conftest import ASKED, TRAINED_ON, Loop, publish_days

pytestmark = pytest.mark.slow

if find_spec("torch") is None:
    pytest.skip("air_time's trainer needs torch; run `make torch`", allow_module_level=True)


def test_the_champion_is_validated_again_on_days_it_has_not_met(loop: Loop) -> None:
    with pytest.raises(CannotJudge, match=r"days up to 2013-03-31, and only 2 later days up to 2013-04-02"):
        revalidate(loop.use_case, ASKED[-1])
    later = keys_between("2013-04-03", "2013-04-05")
    publish_days(loop.use_case, later)

    made = revalidate(loop.use_case, later[-1])
    met = [ASKED[-1], *later]  # the newest four, as many as validated it
    assert (made.champion, made.first_day, made.last_day) == (loop.model.version, met[0], met[-1])
    columns = [sample.table_of("flights", day)["air_time_minutes"] for day in met]
    assert made.rows == sum(len(column) - column.null_count for column in columns)
    assert (made.reference, made.reference_interval) == (
        loop.report.metrics["rmse"],
        loop.report.intervals["rmse"],
    )
    assert (made.verdict == "worse") == (made.metrics["rmse"] > made.reference_interval[1])
    assert {one.segment for one in made.segments} == set(loop.use_case.validation.segments)
    assert json.loads(lake().read(uris.revalidation_report("air_time", later[-1]))) == made.model_dump(mode="json")
    assert revalidate(loop.use_case, later[-1]).hash == made.hash


def test_a_champion_that_got_worse_is_an_alarm_once_and_moves_nothing(loop: Loop) -> None:
    slow = keys_between("2013-04-06", "2013-04-09")
    publish_days(loop.use_case, slow, slower_by=60)  # minutes, every flight
    serving = metadata().latest("deployment", "air_time")
    made = revalidate(loop.use_case, slow[-1])
    assert made.verdict == "worse"
    assert made.metrics["bias"] < -40
    assert "worse than the" in made.sentence
    revalidate(loop.use_case, slow[-1])
    (alarm,) = metadata().history("alarm", f"revalidation/air_time/{slow[-1]}")
    assert (alarm.body["state"], alarm.body["sentence"]) == ("open", made.sentence)
    assert metadata().latest("deployment", "air_time") == serving


def test_a_use_case_without_a_champion_has_none_to_validate_again(loop: Loop) -> None:
    with pytest.raises(CannotJudge, match="flight_delays has no champion yet"):
        revalidate(load_use_case("flight_delays"), ASKED[-1])


def test_a_data_update_alone_leads_to_a_new_evaluation_of_the_champion(loop: Loop) -> None:
    version = prepare(loop.use_case, "2013-04-05")  # nothing but data came since the champion
    made = check_version(loop.use_case, version)
    assert made == read_check(version.name)
    assert (made.champion, made.model_sha256) == (loop.model.version, loop.model.model_sha256)
    same, new = made.scores
    assert (same.first_day, same.last_day, same.rows) == (loop.report.first_day, loop.report.last_day, loop.report.rows)
    assert (same.metrics["rmse"], same.change, same.more_rows, same.verdict) == (same.reference, 0.0, 0.0, "holds")
    assert (new.first_day, new.last_day) == ("2013-04-02", "2013-04-05")
    again = revalidate(loop.use_case, "2013-04-05")  # the weekly look, at rows made day by day
    assert (new.rows, new.metrics, new.reference) == (again.rows, again.metrics, again.reference)
    assert new.change == pytest.approx(1 - new.metrics["rmse"] / new.reference, abs=1e-5)
    # Published here without raw rows, so nobody can judge them by a contract: that is said, and is not passed over.
    assert made.verdict == "cannot_judge"
    assert "17 of 17 partitions could not be judged by flights@" in made.sentence


def test_new_days_on_which_the_champion_is_far_worse_are_an_alarm_which_ends(loop: Loop) -> None:
    version = prepare(loop.use_case, "2013-04-09")  # every flight of the last four days takes an hour longer
    made = check_version(loop.use_case, version)
    (new,) = made.scores  # its window no longer holds the days of the evaluation
    assert (new.days, new.verdict, made.verdict) == ("new", "fails", "fails")
    assert new.change < -1
    assert "more than the 50.0% that is allowed" in made.sentence
    tell(made)
    tell(made)
    (alarm,) = alarms("data_change/", lasting=True)
    assert (alarm.severity, alarm.count) == ("major", 1)
    assert alarm.sentence.startswith(f"{version.name}: On the newest days, 2013-04-06 to 2013-04-09")
    tell(made.model_copy(update={"verdict": "holds"}))
    assert not alarms("data_change/", lasting=True)


def test_a_correction_of_the_days_of_the_evaluation_is_found_and_stops_the_command(loop: Loop) -> None:
    publish_days(loop.use_case, ["2013-03-30"], slower_by=20)
    version = prepare(loop.use_case, TRAINED_ON[-1])
    assert version.name != loop.version.name
    answer = CliRunner().invoke(app, ["dataset", "check", version.name])
    assert answer.exit_code == 1, answer.output
    told = " ".join(answer.output.split())
    assert told.startswith(f"{version.name} fails: On the days of its evaluation, 2013-03-28 to 2013-03-31, RMSE is ")
    assert "more than the 1.0% that is allowed" in told
    shown = json.loads(CliRunner().invoke(app, ["dataset", "show", version.name]).stdout)
    assert (shown["name"], shown["check"]["verdict"]) == (version.name, "fails")
    listed = {line.split()[1]: line for line in CliRunner().invoke(app, ["dataset", "list"]).stdout.splitlines()[3:-1]}
    assert [" fails " in listed[version.name], " not tested " in listed[loop.version.name]] == [True, True]
