"""The records of promotion as they are stored: a change here is a change of the format."""

import json

import pytest

from driftgate.errors import ConfigError
from driftgate.metadata import metadata
from driftgate.promotion import DeploymentState, GuardrailResult, Judgement, Variant, start_shadow
from driftgate.promotion.bounds import Look
from driftgate.records import parse_record

STATE = """{"actor":"anna","candidate":"2","champion":"1","change":null,"previous":null,\
"reason":"after shadow","revision":3,"run_id":null,\
"schema_version":1,"step":"canary_25","use_case":"flight_delays","variants":[{"role":"champion","version":"1","weight":75},\
{"role":"canary","version":"2","weight":25}]}"""

JUDGEMENT = """{"champion":"1","deployment_revision":3,"guardrails":[{"failed_after":null,"group":null,\
"interval":[0.0,0.12],"name":"error_rate","sample_size":45,\
"sentence":"error_rate is 0 on 45 requests; at most 0.01 is allowed.",\
"threshold":0.01,"trajectory":[{"high":0.12,"low":0.0,"rows":45,"value":0.0}],"value":0.0,"verdict":"pass"}],"known":45,\
"outcome":"go_on","outcomes":{"2013-04-02":"ab12"},"passed":true,"reason":"Every guardrail was kept.","requests":45,\
"required":30,"schema_version":1,"step":"canary_25","use_case":"flight_delays","version":"2"}"""


def test_a_deployment_state_is_stored_like_this():
    state = DeploymentState(
        use_case="flight_delays",
        revision=3,
        step="canary_25",
        champion="1",
        candidate="2",
        variants=(
            Variant(version="1", role="champion", weight=75),
            Variant(version="2", role="canary", weight=25),
        ),
        actor="anna",
        reason="after shadow",
    )
    assert state.canonical().decode() == STATE
    assert parse_record(json.loads(STATE), DeploymentState, where="golden") == state


def test_a_judgement_is_stored_like_this():
    judgement = Judgement(
        use_case="flight_delays",
        version="2",
        champion="1",
        step="canary_25",
        deployment_revision=3,
        outcomes={"2013-04-02": "ab12"},
        requests=45,
        known=45,
        required=30,
        guardrails=(
            GuardrailResult(
                name="error_rate",
                value=0.0,
                interval=(0.0, 0.12),
                threshold=0.01,
                sample_size=45,
                verdict="pass",
                sentence="error_rate is 0 on 45 requests; at most 0.01 is allowed.",
                trajectory=(Look(rows=45, value=0.0, low=0.0, high=0.12),),
            ),
        ),
        passed=True,
        outcome="go_on",
        reason="Every guardrail was kept.",
    )
    assert judgement.canonical().decode() == JUDGEMENT
    assert parse_record(json.loads(JUDGEMENT), Judgement, where="golden") == judgement


def test_a_state_that_leaves_requests_unanswered_is_refused():
    broken = json.loads(STATE)
    broken["variants"][0]["weight"] = 50
    with pytest.raises(ConfigError, match="the weights of the variants must add up to 100, got 75"):
        parse_record(broken, DeploymentState, where="golden")


def test_the_revision_is_the_one_of_the_metadata(serving, use_case):
    """The endpoint, the captures and compare-and-swap speak of the same number."""
    state = start_shadow(use_case, "2", actor="anna", reason="a test")
    entry = metadata().latest("deployment", "flight_delays")
    assert entry is not None
    assert entry.revision == state.revision
    assert "revision" not in entry.body
