"""What ``validation`` and ``edge_cases.yaml`` may say; each wrong word is refused with a sentence."""

from pathlib import Path
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.records import load_yaml, parse_record
from driftgate.use_cases import load_use_case, use_case_names
from driftgate.validation_policy import EdgeCases, Validation


def segment(**keys: Any) -> Validation:
    return parse_record({"segments": {"some": {"column": "origin", **keys}}}, Validation, where="f.yaml")


@pytest.mark.parametrize("kind", [{"values": ["EWR"]}, {"at_least": 3}, {"below": 3.5}, {"missing": True}])
def test_a_segment_is_some_values_a_band_or_what_is_missing(kind: dict[str, Any]) -> None:
    assert segment(**kind, min_rows=5).segments["some"].min_rows == 5


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (
            {"min_rows": 5},
            "f.yaml: key 'segments.some': a segment has one of values, a band (at_least, below, or both)",
        ),
        ({"values": ["EWR"], "missing": True, "min_rows": 5}, "a segment has one of values, a band"),
        ({"at_least": 5, "below": 5, "min_rows": 5}, "at_least must be smaller than below, got 5 and 5"),
        ({"values": ["EWR"]}, "key 'segments.some.min_rows' is missing; add it"),
        ({"values": ["EWR"], "min_rows": 0}, "key 'segments.some.min_rows': Input should be greater than 0"),
        ({"valeus": ["EWR"], "min_rows": 1}, "unknown key 'segments.some.valeus'; did you mean 'values'?"),
    ],
)
def test_a_segment_that_is_nothing_or_two_things_is_refused(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        segment(**keys)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("limit", ["same_days", "new_days"])
def test_a_change_of_data_always_has_limits(limit: str) -> None:
    with pytest.raises(ConfigError, match=f"key 'data_change.{limit}': Input should be greater than 0"):
        parse_record({"data_change": {limit: 0}}, Validation, where="f.yaml")


def test_no_other_file_holds_edge_cases() -> None:
    with pytest.raises(ConfigError, match="key 'edge_cases' cannot be '/etc/passwd'"):
        parse_record({"edge_cases": "/etc/passwd"}, Validation, where="f.yaml")


def cases(tmp_path: Path, text: str) -> EdgeCases:
    (tmp_path / "edge_cases.yaml").write_text(f"base: {{carrier: UA}}\ncases: {text}")
    return load_yaml(tmp_path / "edge_cases.yaml", EdgeCases)


def test_a_time_may_be_written_as_yaml_writes_it(tmp_path: Path) -> None:
    found = cases(tmp_path, "{night: {why: late, row: {at: 2013-03-26T21:00:00, seats: 149, wet: 0.5, gone: null}}}")
    assert found.cases["night"].row == {"at": "2013-03-26T21:00:00", "seats": 149, "wet": 0.5, "gone": None}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "key 'cases'"),
        ("{a: {row: {}}}", "key 'cases.a.why' is missing; add it"),
        ("{a: {why: w, changed: {b: 1}}}", "key 'cases.a': changed and moves belong together"),
        ("{a: {why: w, moves: up}}", "changed and moves belong together"),
        ("{a: {why: w, changed: {b: 1}, moves: sideways}}", "key 'cases.a.moves' cannot be 'sideways'"),
        ("{a: {why: w, at_least: 0.5, at_most: 0.4}}", "at_least must not exceed at_most, got 0.5 and 0.4"),
        ("{a: {why: w, changed: {b: 1}, moves: up, by_at_least: -1}}", "key 'cases.a.by_at_least'"),
    ],
)
def test_a_case_that_expects_nothing_sensible_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cases(tmp_path, text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", use_case_names())
def test_the_shipped_use_cases_ask_segments_and_edge_cases(name: str) -> None:
    use_case = load_use_case(name)
    assert len(use_case.validation.segments) >= 5
    assert len(load_yaml(use_case.folder / "edge_cases.yaml", EdgeCases).cases) >= 5
