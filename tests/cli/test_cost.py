"""``driftgate cost`` shows what was spent, to people and to programs, and refuses nonsense in a sentence."""

import json
from datetime import UTC, datetime

import pytest

from driftgate.compute import Attempt
from driftgate.compute.sampler import Spread
from driftgate.lake import lake

TAGS = {"project": "driftgate", "business_unit": "demo", "environment": "development", "owner": "ops"}


@pytest.fixture
def spent():
    """An hour on a c7i.large on Spot, and one that nobody answers for."""
    for number, tags in ((1, TAGS), (2, {})):
        attempt = Attempt(
            job_id=f"job-{number}",
            number=1,
            use_case="flight_delays",
            trainer="lightgbm",
            started_at=datetime(2026, 3, 1 + number, 9, tzinfo=UTC),
            outcome="succeeded",
            target="local_small",
            backend="batch",
            instance_type="c7i.large",
            spot=True,
            region="us-east-1",
            cores=2,
            memory_mib=4096,
            seconds=3600,
            cpu_seconds=60,
            peak_memory_mib=3900,
            cpu=Spread(p50=10, p95=20, max=30),
            memory=Spread(p50=90, p95=95, max=96),
            tags=tags,
        )
        lake().write(f"jobs/{attempt.job_id}/attempts/1.json", attempt.canonical())


@pytest.mark.usefixtures("spent")
@pytest.mark.parametrize(
    ("by", "word"), [("use_case", "flight_delays"), ("stage", "train"), ("owner", "ops"), ("week", "2026-W10")]
)
def test_it_is_grouped_as_asked(run, by, word):
    answer = run("cost", "--by", by)
    assert answer.exit_code == 0, answer.output
    assert word in answer.stdout
    assert "$0.0726" in answer.stdout
    assert "1 rows without a required tag, 50 % of what was spent." in answer.stdout
    assert "Estimated from the price table of 2026-06-17." in answer.stdout


@pytest.mark.usefixtures("spent")
def test_json_has_the_whole_report_and_days_bound_it(run):
    report = json.loads(run("cost", "--json", "--from", "2026-03-03", "--to", "2026-03-03").stdout)
    assert (report["total"]["jobs"], report["total"]["usd"], report["untagged_spend_pct"]) == (1, 0.0363, 100.0)
    assert json.loads(run("cost", "--json", "--to", "2026-03-01").stdout)["total"]["rows"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "owners"], "--by cannot be 'owners'; did you mean 'owner'"),
        (["--from", "March"], "--from 'March' is not a date"),
        (["--from", "2026-03-04", "--to", "2026-03-01"], "--to 2026-03-01 lies before --from 2026-03-04"),
    ],
)
def test_nonsense_is_a_sentence(run, arguments, said):
    answer = run("cost", *arguments)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert said in answer.stderr


def test_nothing_spent_is_an_answer(run):
    answer = run("cost")
    assert answer.exit_code == 0, answer.output
    assert "0 rows without a required tag." in answer.stdout


@pytest.mark.usefixtures("spent")
def test_the_week_is_written_as_files(run):
    answer = run("cost", "report", "2026-03-05")
    assert answer.exit_code == 0, answer.output
    assert [line.rpartition("/")[2] for line in answer.stdout.split()] == ["2026-W10.csv", "2026-W10.html"]
    assert lake().exists("reports/cost/2026-W10.html")


@pytest.mark.usefixtures("spent")
def test_rightsizing_names_the_attempts_or_says_that_they_are_too_few(run):
    assert "No compute target has jobs enough" in run("cost", "rightsize").stdout
    stored = lake().read("jobs/job-1/attempts/1.json").decode()
    for number in (2, 3):
        lake().write(f"jobs/job-1/attempts/{number}.json", stored.replace('"number":1', f'"number":{number}').encode())
    answer = run("cost", "rightsize")
    assert "Target local_small uses 95 % of its 4096 MiB of memory" in answer.stdout
    assert "job-1/2" in answer.stdout
    assert json.loads(run("cost", "rightsize", "--json").stdout)[0]["finding"] == "step_up"


@pytest.mark.usefixtures("spent")
def test_trainings_are_compared_by_what_they_take(run):
    answer = run("cost", "efficiency", "flight_delays")
    assert answer.exit_code == 0, answer.output
    assert "lightgbm" in answer.stdout
    refused = run("cost", "efficiency", "flight_delays", "--compare", "colour")
    assert (refused.exit_code, "--compare cannot be 'colour'" in refused.output) == (1, True)


def test_a_week_without_answers_has_no_value(run):
    answer = run("cost", "value", "flight_delays", "2013-04-09")
    assert answer.exit_code == 1
    assert "Nobody was answered by flight_delays in the week of 2013-04-09." in " ".join(answer.output.split())
