"""The only room that moves traffic: a candidate watches, answers a growing share, becomes champion or is taken out."""

from driftgate.promotion.guardrails import GuardrailResult
from driftgate.promotion.judgement import Judgement, judge, ready_to_judge
from driftgate.promotion.moves import advance, roll_back, start_shadow, switch_champion
from driftgate.promotion.state import DeploymentState, Variant, candidate_under_way, deployment

__all__ = [
    "DeploymentState",
    "GuardrailResult",
    "Judgement",
    "Variant",
    "advance",
    "candidate_under_way",
    "deployment",
    "judge",
    "ready_to_judge",
    "roll_back",
    "start_shadow",
    "switch_champion",
]
