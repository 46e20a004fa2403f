"""The only room that moves traffic: a candidate watches, answers a growing share, becomes champion or is taken out."""

from driftgate.promotion.approvals import needs_approval, record_answer, require_other_person
from driftgate.promotion.confirmation import confirm
from driftgate.promotion.guardrails import GuardrailResult
from driftgate.promotion.judgement import Judgement, judge, ready_to_judge
from driftgate.promotion.moves import advance, end_shadow, roll_back, start_shadow, switch_champion
from driftgate.promotion.plan import DeploymentPlan, deployment_plan, step_bakes_until
from driftgate.promotion.reconciliation import Reconciliation, reconcile
from driftgate.promotion.request_schema import require_same_requests
from driftgate.promotion.served import reported, require_loaded
from driftgate.promotion.state import DeploymentState, Variant, candidate_under_way, deployment
from driftgate.promotion.way_back import give_back

__all__ = [
    "DeploymentPlan",
    "DeploymentState",
    "GuardrailResult",
    "Judgement",
    "Reconciliation",
    "Variant",
    "advance",
    "candidate_under_way",
    "confirm",
    "deployment",
    "deployment_plan",
    "end_shadow",
    "give_back",
    "judge",
    "needs_approval",
    "ready_to_judge",
    "reconcile",
    "record_answer",
    "reported",
    "require_loaded",
    "require_other_person",
    "require_same_requests",
    "roll_back",
    "start_shadow",
    "step_bakes_until",
    "switch_champion",
]
