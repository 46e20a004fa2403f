"""The control at the endpoint: the same callers get the rule's answer each time, and all of it is captured."""

import pytest

from driftgate.models import Rule
from driftgate.models.rule import Group
from driftgate.use_cases import load_use_case

NAME = "flight_delays"
RULE = Rule(by=("origin",), event_time="scheduled_departure", groups=(Group(values=("EWR",), answer=0.31),), answer=0.2)
KEYS = [f"flight {number}" for number in range(4000)]


@pytest.fixture
def ruled(server, world, files):
    """Versions 3 and 4 are the models of 1 and 2 with a rule in their packages."""
    for version, model in (("3", "1"), ("4", "2")):
        world.register(version, {**files[model], "fallback.json": RULE.canonical()})
    return world


def assigned(server):
    """Return the callers of each role."""
    server.watcher.poll()
    served, found = server.watcher.served(NAME), {}
    for key in KEYS:
        found.setdefault(served.variant_for(key).role, set()).add(key)
    return found


def test_its_callers_stay_its_own_through_canaries_and_champions(ruled, server):
    ruled.deploy("3", control=5)
    alone = assigned(server)
    assert 140 < len(alone["control"]) < 260  # 200 of 4,000; five deviations are 69
    ruled.deploy("3", "4", share=25, control=5)
    beside = assigned(server)
    assert beside["control"] == alone["control"]
    assert 860 < len(beside["canary"]) < 1140
    ruled.deploy("4", control=5)
    assert assigned(server) == alone


def test_the_rule_answers_and_everybody_says_so(ask, ruled, server):
    ruled.deploy("3", "4", share=25, control=20)
    rows = ruled.rows(60)
    answered = ask(*rows).json()["predictions"]
    theirs = [one for one in answered if one["role"] == "control"]
    assert 3 < len(theirs) < 25
    assert {(one["score"], one["model_version"]) for one in theirs} == {(0.31, "3")}
    assert {one["role"] for one in answered} == {"champion", "canary", "control"}
    captured = [one for one in ruled.captures(server) if one["variant_role"] == "control"]
    assert {one["prediction_id"] for one in captured} == {one["prediction_id"] for one in theirs}
    assert {one["model_version"] for one in captured} == {"3"}
    counted = f'predictions_total{{outcome="answered",role="control",use_case="{NAME}",version="3"}} {len(theirs)}.0'
    assert counted in server._render_metrics().decode()


def test_what_is_served_is_what_the_record_says(client, ruled, server):
    ruled.deploy("3", control=5)
    server.watcher.poll()
    assert client.get("/deployments").json()[NAME]["variants"] == [
        {"version": "3", "role": "champion", "weight": 95},
        {"version": "3", "role": "control", "weight": 5},
    ]


def test_all_of_its_answers_are_captured_where_a_share_of_the_champions_is(ask, ruled, server, monkeypatch):
    whole = load_use_case(NAME)
    capture = whole.serve.capture.model_copy(update={"share": 0.1})
    sampled = whole.model_copy(update={"serve": whole.serve.model_copy(update={"capture": capture})})
    monkeypatch.setattr("driftgate.endpoint.watching.load_use_case", lambda _: sampled)
    ruled.deploy("3", control=20)
    roles = [one["role"] for one in ask(*ruled.rows(60)).json()["predictions"]]
    captured = [one["variant_role"] for one in ruled.captures(server)]
    assert captured.count("control") == roles.count("control") > 3
    assert captured.count("champion") < roles.count("champion") / 2


def test_without_a_rule_the_champion_answers_everybody_and_the_record_is_not_followed(ruled, client, server):
    ruled.deploy("1", control=5)
    assert set(assigned(server)) == {"champion"}
    assert client.get("/deployments").json()[NAME]["variants"] == [{"version": "1", "role": "champion", "weight": 100}]


def test_a_rules_answer_is_not_explained_as_if_it_were_the_models(ruled, client, server):
    ruled.deploy("3", control=20)
    by_role = {server_role(server, row): row for row in ruled.rows(60)}
    explain = {role: client.post(f"/v1/{NAME}/explain", json={"rows": [row]}) for role, row in by_role.items()}
    assert explain["champion"].status_code == 200
    assert explain["control"].status_code == 409
    assert "the rule beside version 3 of flight_delays answers it, by origin alone" in explain["control"].text


def server_role(server, row):
    from driftgate.captures.capture import request_key

    server.watcher.poll()
    served = server.watcher.served(NAME)
    return served.variant_for(request_key(row, served.use_case.request_key)).role
