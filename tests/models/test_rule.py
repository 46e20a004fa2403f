"""The rule says of a row what it says of its group, and the overall mean where it knows no better."""

import json

from driftgate.models import Rule
from driftgate.models.rule import Group
from driftgate.records import parse_record


def rule(*by: str, **groups: float) -> Rule:
    told = [Group(values=tuple(name.split("_")), answer=answer) for name, answer in groups.items()]
    return Rule(by=by, event_time="at", groups=tuple(told), answer=7.0)


def test_a_row_gets_the_answer_of_its_group_and_a_stranger_the_mean() -> None:
    by_route = rule("origin", "dest", EWR_LAX=330.0, JFK_BOS=40.0)
    rows = [{"origin": "EWR", "dest": "LAX"}, {"origin": "EWR", "dest": None}, {"origin": "JFK", "dest": "BOS"}]

    assert by_route.answers(rows) == [330.0, 7.0, 40.0]


def test_without_columns_the_hour_tells_groups_apart() -> None:
    by_hour = Rule(by=(), event_time="at", groups=(Group(values=(5,), answer=0.1),), answer=0.2)

    assert by_hour.answers([{"at": "2013-04-01T05:59:00"}, {"at": "2013-04-01T06:00"}]) == [0.1, 0.2]


def test_it_survives_its_file_as_the_same_bytes() -> None:
    group = Group(values=(1, 0.5, "a", None), answer=0.25)
    kept = Rule(by=("a", "b", "c", "d"), event_time="at", groups=(group,), answer=0.5)
    read = parse_record(json.loads(kept.canonical()), Rule, where="fallback.json")

    assert read.canonical() == kept.canonical()
    assert read.answers([{"a": 1, "b": 0.5, "c": "a", "d": None}]) == [0.25]
