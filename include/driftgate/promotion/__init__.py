"""The only room that moves traffic: a candidate watches, answers a growing share, becomes champion or is taken out."""

from driftgate.promotion.moves import advance, roll_back, start_shadow, switch_champion
from driftgate.promotion.state import DeploymentState, Variant, candidate_under_way, deployment

__all__ = [
    "DeploymentState",
    "Variant",
    "advance",
    "candidate_under_way",
    "deployment",
    "roll_back",
    "start_shadow",
    "switch_champion",
]
