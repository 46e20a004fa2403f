"""Records are frozen and strict; a wrong file becomes one sentence that names file, key and the nearest match."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from driftgate.errors import ConfigError
from driftgate.records import Record, canonical_json, load_yaml, parse_record


class Owner(Record):
    """Who answers."""

    team: str


class Step(Record):
    """One item of a list."""

    percent: int


class Plan(Record):
    """A record with everything that the sentences must cope with."""

    name: str
    owner: Owner
    on: Literal["data", "performance"] = "data"
    steps: tuple[Step, ...] = ()
    note: Owner | None = None


GOOD = {"name": "n", "owner": {"team": "t"}}


def sentence(raw: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_record(raw, Plan, where="plan.yaml")
    return str(caught.value)


def test_equal_content_gives_equal_bytes_and_hash_whatever_the_order() -> None:
    first = Plan.model_validate({"name": "ü", "owner": {"team": "t"}, "steps": [{"percent": 5}]})
    second = Plan.model_validate({"steps": [{"percent": 5}], "owner": {"team": "t"}, "name": "ü"})
    assert (
        first.canonical()
        == second.canonical()
        == (b'{"name":"\xc3\xbc","note":null,"on":"data","owner":{"team":"t"},"steps":[{"percent":5}]}')
    )
    assert first.hash == second.hash
    assert len(first.hash) == 64


def test_a_record_written_and_read_again_is_the_same_record() -> None:
    plan = parse_record(GOOD, Plan, where="plan.yaml")
    assert Plan.model_validate_json(plan.canonical()) == plan


def test_a_record_is_frozen() -> None:
    plan = parse_record(GOOD, Plan, where="plan.yaml")
    with pytest.raises(ValidationError, match="frozen"):
        plan.name = "other"  # type: ignore[misc]  # that is the point


def test_not_a_number_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"value": float("nan")})


def test_an_unknown_key_is_named_with_its_nearest_match_and_all_allowed_ones() -> None:
    assert sentence({**GOOD, "nmae": 1}) == (
        "plan.yaml: unknown key 'nmae'; did you mean 'name'? Known: name, note, on, owner, steps"
    )


def test_an_unknown_key_deeper_down_is_held_against_the_keys_of_its_own_place() -> None:
    assert "unknown key 'owner.taem'; did you mean 'team'? Known: team" in sentence(
        {**GOOD, "owner": {"team": "t", "taem": 1}}
    )
    assert "unknown key 'note.colour'. Known: team" in sentence({**GOOD, "note": {"team": "t", "colour": 1}})


def test_an_unknown_key_in_a_list_is_held_against_the_keys_of_the_items() -> None:
    assert "unknown key 'steps.1.percnt'; did you mean 'percent'? Known: percent" in sentence(
        {**GOOD, "steps": [{"percent": 5}, {"percent": 9, "percnt": 9}]}
    )


def test_a_wrong_type_says_what_is_expected_and_what_was_found() -> None:
    assert "key 'steps.0.percent': Input should be a valid integer" in sentence({**GOOD, "steps": [{"percent": "a"}]})
    assert "found 'a'" in sentence({**GOOD, "steps": [{"percent": "a"}]})


def test_a_word_that_is_not_allowed_gets_the_nearest_one_and_all_of_them() -> None:
    assert sentence({**GOOD, "on": "perfomance"}) == (
        "plan.yaml: key 'on' cannot be 'perfomance'; did you mean 'performance'? Known: data, performance"
    )


def test_a_missing_key_is_named() -> None:
    assert sentence({"name": "n"}) == "plan.yaml: key 'owner' is missing; add it"


def test_every_problem_is_named_at_once() -> None:
    found = sentence({"owner": {}, "extra": 1})
    for clause in ("key 'name' is missing", "key 'owner.team' is missing", "unknown key 'extra'"):
        assert clause in found


def test_a_long_wrong_value_is_shown_in_part() -> None:
    assert len(sentence({**GOOD, "name": ["x" * 5000]})) < 250


@pytest.mark.parametrize(("raw", "kind"), [(None, "NoneType"), ([1], "list"), ("word", "str")])
def test_what_is_no_mapping_is_said_to_be_none(raw: object, kind: str) -> None:
    assert sentence(raw) == f"plan.yaml: expected a mapping of keys, found {kind}."


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "plan.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_key_on_is_a_word_and_not_true(tmp_path: Path) -> None:
    plan = load_yaml(write(tmp_path, "name: yes\nowner: {team: off}\non: performance\n"), Plan)
    assert (plan.on, plan.name, plan.owner.team) == ("performance", "yes", "off")


@pytest.mark.parametrize(
    "tagged", ["!!python/object/apply:os.getcwd []", "!!python/name:os.getcwd", "!secret x", "!!python/tuple [1]"]
)
def test_a_yaml_tag_is_refused_and_never_runs_code(tmp_path: Path, tagged: str) -> None:
    path = write(tmp_path, f"name: {tagged}\nowner: {{team: t}}\n")
    with pytest.raises(ConfigError, match=rf"{path} is not valid YAML: could not determine a constructor for the tag"):
        load_yaml(path, Plan)


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("name: [1, 2\nowner:", "is not valid YAML"),
        ("name: a\nname: b\n", "key 'name' is written twice"),
        (b"name: M\xfcller\n", "is not text in UTF-8; save it as such"),
        ("", "expected a mapping of keys, found NoneType"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_with_its_name(tmp_path: Path, text: str | bytes, telling: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_yaml(path, Plan)
    assert str(path) in str(caught.value)
    assert telling in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plan.yaml does not exist; create it or correct the name"):
        load_yaml(tmp_path / "plan.yaml", Plan)
