"""The section ``explain``: every shipped use case has it, and a wrong word in it is named."""

from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.explanation_policy import Explain
from driftgate.records import parse_record
from driftgate.use_cases import load_use_case, use_case_names


@pytest.mark.parametrize("name", use_case_names())
def test_every_shipped_use_case_says_how_far_it_must_be_explained(name: str) -> None:
    section = load_use_case(name).explain
    assert section is not None
    assert section.level in ("none", "global", "local")


@pytest.mark.parametrize(
    ("values", "telling"),
    [
        ({"level": "locl"}, "key 'level' cannot be 'locl'; did you mean 'local'?"),
        ({}, "key 'level' is missing; add it"),
        ({"level": "local", "baseline": "zero"}, "key 'baseline' cannot be 'zero'"),
        ({"level": "local", "top_k": 0}, "key 'top_k': Input should be greater than 0"),
        ({"level": "local", "min_stability": 1.5}, "key 'min_stability': Input should be less than or equal to 1"),
    ],
)
def test_a_wrong_word_about_explanations_is_named(values: dict[str, Any], telling: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_record(values, Explain, where="use_case.yaml")
    assert telling in str(refused.value)
