"""Whether the traffic was split as the step says: if not, the two arms are different requests and prove nothing.

Requests that get lost, a variant that was not there, a router that does what it likes: all of them show in the share of
the request keys that the candidate met. The test is the sequential one of Lindon and Malek (2022), for two arms.
"""

import math

from driftgate.promotion.bounds import FEWEST, share_trajectory
from driftgate.promotion.guardrails import GuardrailResult, Level, insufficient, unmeasured
from driftgate.promotion.sequential import Flags


def sample_ratio(of_candidate: Flags, share: int, both: int, level: Level) -> GuardrailResult:
    """Judge whether the candidate's part of the request keys can be ``share`` of the ``both`` percent of both arms."""
    wanted = share / both
    fewest = max(FEWEST, math.ceil(level.rows / wanted / 2))  # of both arms: half of what a right split brings
    if len(of_candidate) < fewest:
        return insufficient("sample_ratio", wanted, len(of_candidate), fewest, "request keys")
    watched = share_trajectory(of_candidate, 1.0, level.alpha)
    last = watched.looks[-1]
    right = last.low is not None and last.high is not None and last.low <= wanted <= last.high
    sentence = f"The candidate met {last.value:.2%} of {last.rows} request keys; its share is {wanted:.0%}"
    found = unmeasured("sample_ratio", wanted, last.rows, "pass" if right else "fail", sentence + ".")
    if not right:
        found = found.model_copy(
            update={
                "sentence": f"{sentence}, which chance does not explain, so what the two models were asked cannot be "
                "compared; look for requests that get lost, and for a variant that was not loaded."
            }
        )
    return found.model_copy(
        update={"value": last.value, "interval": (last.low, last.high), "trajectory": watched.looks}
    )
