"""``driftgate catalog`` builds, searches and shows; without a catalogue it says how to get one."""

import json


def test_search_before_the_first_build_is_a_sentence(run):
    answer = run("catalog", "search", "weather")
    assert answer.exit_code == 1
    assert "run 'driftgate catalog build'" in answer.stderr


def test_what_was_built_is_searched_and_shown(run):
    built = run("catalog", "build")
    assert built.exit_code == 0, built.output
    assert "reports/catalog/index.html" in built.stdout

    assert "weather" in run("catalog", "search", "hour", "by", "hour").stdout
    assert json.loads(run("catalog", "show", "planes").stdout)["owner"] == "network-operations"
    assert "flight_delays/distance_miles" in run("catalog", "features").stdout
    nothing = run("catalog", "search", "elephants")
    assert (nothing.exit_code, nothing.stderr.count("\n")) == (1, 1)
    unknown = run("catalog", "show", "plane")
    assert "did you mean 'planes'" in unknown.stderr


def test_the_shipped_project_has_no_duplicate_features_and_no_orphans(run):
    answer = run("catalog", "lint")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == ""
