"""What the section ``gates`` may say; each wrong word is refused with a sentence."""

from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.gate_policy import Gates
from driftgate.records import parse_record

CHAMPION = {"champion": {"margin": 0, "confidence": 0.9}}
WAIVER = {"gate": "cost", "approver": "Ada", "until": "2013-04-30", "reason": "A new airport."}


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (
            {"waivers": [{**WAIVER, "gate": "csot"}]},
            "waivers names 'csot', no gate that can be waived; did you mean 'cost'",
        ),
        ({"waivers": [{**WAIVER, "gate": "receipts"}]}, "waivers names 'receipts', no gate that can be waived"),
        ({"waivers": [WAIVER, WAIVER]}, "waivers names 'cost' twice"),
        ({"waivers": [{**WAIVER, "approver": ""}]}, "key 'waivers.0.approver'"),
        ({"waivers": [{**WAIVER, "until": "soon"}]}, "key 'waivers.0.until'"),
        ({"cost": {"max_increase_usd_per_1000": -1}}, "key 'cost.max_increase_usd_per_1000'"),
        ({"calibration": {"max_error": 0}}, "key 'calibration.max_error'"),
        ({"slices": {"by": [], "worst_loss": 0, "min_rows": 1}}, "key 'slices.by'"),
        ({"slices": {"by": ["a", "a"], "worst_loss": 0, "min_rows": 1}}, "by names something twice"),
        (
            {"slices": {"by": ["a"], "bands": {"b": {"column": "c", "edges": [1]}}, "worst_loss": 0, "min_rows": 1}},
            "bands has 'b', which 'by' does not name",
        ),
        (
            {"slices": {"by": ["b"], "bands": {"b": {"column": "c", "edges": [2, 1]}}, "worst_loss": 0, "min_rows": 1}},
            "edges must rise, got 2, 1",
        ),
    ],
)
def test_a_wrong_policy_is_refused_with_a_sentence(section: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_record({**CHAMPION, **section}, Gates, where="f.yaml")
    assert sentence in str(refused.value)
