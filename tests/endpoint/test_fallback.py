"""Where the champion fails, the rule of its package answers: marked, captured and counted as what it is."""

import pytest

from driftgate.models import Rule, Scorer
from driftgate.models.rule import Group
from driftgate.use_cases import load_use_case

RULE = Rule(by=("origin",), event_time="scheduled_departure", groups=(Group(values=("EWR",), answer=0.31),), answer=0.2)


@pytest.fixture
def with_rule(server, world, files):
    """Versions 3 and 4 are the models of 1 and 2 with a rule in their packages."""
    for version, model in (("3", "1"), ("4", "2")):
        world.register(version, {**files[model], "fallback.json": RULE.canonical()})
    return world


@pytest.fixture
def failing(server, monkeypatch):
    """Make the model of one version raise."""
    broken = []
    real = Scorer.score_rows

    def score(self, rows):
        if any(self is one for one in broken):
            raise ValueError("no tree stands")
        return real(self, rows)

    def fail(version):
        server.watcher.poll()
        variants = server.watcher.served("flight_delays").variants
        broken.extend(one.package.scorer for one in variants if one.version == version)
        for scorer in broken:
            monkeypatch.setattr(scorer, "score_rows", lambda rows, scorer=scorer: score(scorer, rows))

    return fail


def test_the_rule_answers_and_says_so(ask, with_rule, failing, server):
    with_rule.deploy("3")
    failing("3")
    answer = ask(with_rule.ROW, {**with_rule.ROW, "flight": 2, "origin": "JFK"})

    assert answer.status_code == 200
    assert [(one["score"], one["role"], one["model_version"]) for one in answer.json()["predictions"]] == [
        (0.31, "fallback", "3"),
        (0.2, "fallback", "3"),
    ]


def test_the_failure_and_the_answer_are_captured_and_counted(ask, with_rule, failing, server):
    with_rule.deploy("3")
    failing("3")
    (prediction,) = ask(with_rule.ROW).json()["predictions"]
    champion, fallback = with_rule.captures(server)

    assert (champion["variant_role"], champion["score"]) == ("champion", None)
    assert champion["error"].startswith("ValueError: no tree stands")
    assert (fallback["variant_role"], fallback["score"], fallback["error"]) == ("fallback", 0.31, None)
    assert {champion["prediction_id"], fallback["prediction_id"]} == {prediction["prediction_id"]}
    counted = server._render_metrics().decode()
    assert 'predictions_total{outcome="answered",role="fallback",use_case="flight_delays",version="3"} 1.0' in counted
    assert 'predictions_total{outcome="failed",role="champion",use_case="flight_delays",version="3"} 1.0' in counted


def test_only_what_nobody_else_answers_is_the_rules(ask, with_rule, failing, server):
    with_rule.deploy("3", "4", share=50)
    failing("3")
    answer = ask(*with_rule.rows(40))
    roles = [one["role"] for one in answer.json()["predictions"]]

    assert set(roles) == {"canary", "fallback"}
    assert 5 < roles.count("fallback") < 35


def test_where_canary_and_champion_fail_the_rule_has_the_last_word(ask, with_rule, failing, server):
    with_rule.deploy("3", "4", share=50)
    failing("3")
    failing("4")
    answer = ask(*with_rule.rows(40))
    captured = with_rule.captures(server)

    assert {one["role"] for one in answer.json()["predictions"]} == {"fallback"}
    assert sum(one["variant_role"] == "fallback" for one in captured) == 40
    assert sum(one["variant_role"] == "champion" for one in captured) == 40
    assert 5 < sum(one["variant_role"] == "canary" for one in captured) < 35


def test_a_use_case_without_a_fallback_is_a_503(ask, with_rule, failing, monkeypatch):
    whole = load_use_case("flight_delays")
    without = whole.model_copy(update={"serve": whole.serve.model_copy(update={"fallback": "none"})})
    monkeypatch.setattr("driftgate.endpoint.watching.load_use_case", lambda _: without)
    with_rule.deploy("3")
    failing("3")

    assert ask(with_rule.ROW).status_code == 503
