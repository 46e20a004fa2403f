"""``driftgate train`` on eleven real days: real jobs, found again, compared; and its refusals."""

import json

import pytest

from driftgate import uris
from driftgate.lake import lake
from driftgate.ledger import Forecast


@pytest.mark.slow
def test_a_curve_of_two_shares_and_its_jobs_are_found_again(run, january_version):
    answer = run("train", "learning-curve", "flight_delays", january_version, "--shares", "50,100")
    assert answer.exit_code == 0, answer.output
    assert "From 50% to 100% of the rows AUC gains" in answer.stdout
    record = json.loads(lake().read(uris.learning_curve(january_version)))
    assert [point["share"] for point in record["points"]] == [0.5, 1.0]
    assert record["points"][0]["rows"] * 2 == pytest.approx(record["points"][1]["rows"], abs=2)
    assert len(record["points"][1]["gain_interval"]) == 2

    started = {path for path in lake().list("jobs") if path.endswith("/attempts/1.json")}
    again = run("train", "run", "flight_delays", january_version, "--json")
    assert again.exit_code == 0, again.output
    result = json.loads(again.stdout[again.stdout.index("{") :])
    assert result["job_id"] == record["points"][1]["job_id"]
    assert {path for path in lake().list("jobs") if "/attempts/" in path} == started


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["learning-curve", "flight_delays", "VERSION", "--shares", "half"], "--shares is 'half'; write percents"),
        (
            ["learning-curve", "flight_delays", "VERSION", "--shares", "100"],
            "A learning curve needs two shares or more",
        ),
        (["run", "flight_delay", "VERSION"], "did you mean 'flight_delays'"),
        (["run", "flight_delays", "flight_delays/2013-01-12-0000000"], "There is no dataset version"),
        (["run", "flight_delays", "VERSION", "--target", "local_smal"], "did you mean 'local_small'"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(run, january_version, arguments, sentence):
    answer = run("train", *(january_version if argument == "VERSION" else argument for argument in arguments))
    assert answer.exit_code != 0
    assert sentence in answer.output
    assert "Traceback" not in answer.output


def test_what_the_budget_does_not_cover_is_not_started(run, january_version, monkeypatch):
    """The price of this machine is not known, which could be anything."""
    unknown = Forecast(usd=None, seconds=1, basis="history", sentence="")
    monkeypatch.setattr("driftgate.ledger.budget.forecast", lambda spec: unknown)
    answer = run("train", "run", "flight_delays", january_version, "--row-share", "0.125")
    assert answer.exit_code != 0
    assert "has spent" in answer.output
    assert not [path for path in lake().list("jobs") if "0.125" in path]
