"""The section ``scaling``: what cannot scale is refused when it is read."""

import pytest
from pydantic import ValidationError

from driftgate.scaling_policy import Scaling

GOOD = {"min": 2, "max": 4, "target": 6000, "scale_in_cooldown_s": 600, "scale_out_cooldown_s": 60}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"max": 2}, "min must be below max"),
        ({"scale_in_cooldown_s": 30}, "must not be shorter"),
        ({"target": 0}, "greater than 0"),
        ({"metric": "Disk"}, "InvocationsPerInstance"),
        ({"cooldown": 3}, "Extra inputs"),
    ],
)
def test_what_cannot_scale_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Scaling.model_validate({**GOOD, **changes})


def test_a_good_one_is_taken() -> None:
    assert Scaling.model_validate(GOOD).metric == "InvocationsPerInstance"
