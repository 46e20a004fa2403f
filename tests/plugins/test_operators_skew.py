"""The tasks that hold where a model serves against where it came from, and the drill, as Airflow runs them."""

from datetime import UTC, datetime

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from driftgate.errors import EndpointSilent
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.registry.releases import record_release, releases
from driftgate.use_cases import load_use_case
from driftgate_airflow.operators.check_skew import CheckChampionSkewOperator, CheckSkewOperator
from driftgate_airflow.operators.recovery_drill import RecoveryDrillOperator

NAME, DAY = "flight_delays", "2013-04-02"


def champion_check():
    return CheckChampionSkewOperator(task_id="check_skew", use_case=NAME)


def drill():
    return RecoveryDrillOperator(task_id="recovery_drill", use_case=NAME)


def test_before_the_first_champion_there_is_nothing_to_check(run):
    with pytest.raises(AirflowSkipException, match="No champion serves flight_delays yet"):
        run(DAY).execute(champion_check())
    with pytest.raises(AirflowSkipException, match="has no release yet"):
        run(DAY).execute(drill())
    assert read_stream(NAME) == []


@pytest.fixture
def model(put_package):
    """A version whose package is no model."""
    broken = dict.fromkeys(("preprocessing.json", "signature.json", "feature_baseline.json"), b"{}")
    return put_package("1", {"model.txt": b"tree", **broken})


def test_a_release_that_cannot_be_served_again_fails_with_the_reason(run, model):
    use_case = load_use_case(NAME)
    record_release(
        use_case, model, previous=None, switched_at=datetime(2013, 4, 1, tzinfo=UTC), switched_by="anna",
        revision=1, plan_sha256="0" * 64,
    )  # fmt: skip
    metadata().append("test", "a", {})
    with pytest.raises(
        AirflowFailException, match=r"Release 1-\w+ of flight_delays was not recovered: .*preprocessing.*features"
    ):
        run(DAY).execute(drill())
    assert len(releases(NAME)) == 1


def test_a_candidate_that_is_no_model_is_refused(run, model, endpoint):
    with pytest.raises(AirflowFailException, match="preprocessing"):
        run(DAY).execute(CheckSkewOperator(task_id="check_skew", use_case=NAME, model_version="1"))


def test_a_silent_endpoint_is_asked_again(run, monkeypatch, model):
    monkeypatch.setattr("driftgate.promotion.skew.check_skew", silent)
    with pytest.raises(EndpointSilent):
        run(DAY).execute(CheckSkewOperator(task_id="check_skew", use_case=NAME, model_version="1"))


def silent(*_, **__):
    raise EndpointSilent("away")
