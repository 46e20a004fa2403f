"""Who answers the requests of a use case: the one record that the endpoint obeys. Every move appends a revision."""

import re
from typing import Literal

from pydantic import model_validator

from driftgate.metadata import Entry, metadata
from driftgate.records import Record, parse_record

KIND = "deployment"
SERVING = "serving"
SHADOW = "shadow"

Role = Literal["champion", "canary", "shadow", "control"]


class Variant(Record):
    """What answers ``weight`` percent of the requests: a model version, or as ``control`` the rule in its package."""

    version: str
    role: Role
    weight: int


class DeploymentState(Record):
    """What serves since one revision, who moved it there and why.

    ``step`` is ``serving`` (no candidate), ``shadow`` (the candidate sees every request and answers none, so its weight
    is 0) or ``canary_25``. ``run_id`` names the run that asked for a rollback, so that its retry changes nothing.
    ``change`` is the id of the change record under which it was moved.
    """

    schema_version: int = 1
    use_case: str
    revision: int
    step: str
    champion: str
    candidate: str | None = None
    previous: str | None = None
    variants: tuple[Variant, ...]
    actor: str
    reason: str
    run_id: str | None = None
    change: int | None = None

    @model_validator(mode="after")
    def _all_requests_are_answered(self) -> "DeploymentState":
        total = sum(variant.weight for variant in self.variants)
        if total != 100:
            raise ValueError(f"the weights of the variants must add up to 100, got {total}")
        return self

    @property
    def models(self) -> tuple[Variant, ...]:
        """The variants that are models, the champion first: each version once."""
        return tuple(variant for variant in self.variants if variant.role != "control")

    @property
    def control_share(self) -> int:
        """The percentage of the requests that the control answers."""
        return sum(variant.weight for variant in self.variants if variant.role == "control")


def deployment(use_case_name: str) -> DeploymentState | None:
    """Return what serves now, or None before the first model went live. One indexed query: it may be polled."""
    entry = metadata().latest(KIND, use_case_name)
    return parse_state(entry) if entry else None


def deployment_history(use_case_name: str) -> list[DeploymentState]:
    """Return every state that the use case was in, oldest first."""
    return [parse_state(entry) for entry in metadata().history(KIND, use_case_name)]


def candidate_under_way(use_case_name: str) -> bool:
    """Return whether a candidate is in shadow or canary."""
    state = deployment(use_case_name)
    return state is not None and state.candidate is not None


def parse_state(entry: Entry) -> DeploymentState:
    """Return the state that one revision of the record says; the revision is the entry's own."""
    where = f"the deployment record of {entry.subject}"
    return parse_record({**entry.body, "revision": entry.revision}, DeploymentState, where=where)


def canary_step(percent: int) -> str:
    """Return the name of the step in which the candidate answers ``percent`` of the requests."""
    return f"canary_{percent}"


def share_of(step: str) -> int:
    """Return the percentage of the requests that the candidate answers in ``step``; 0 in shadow."""
    found = re.fullmatch(r"canary_(\d+)", step)
    return int(found[1]) if found else 0


def variants(champion: str, candidate: str | None, step: str, control: int = 0) -> tuple[Variant, ...]:
    """Return the variants of a step, the champion first.

    :param control: percentage of the control. It comes out of the champion's part, and waits where that would be all
    """
    share = share_of(step)
    control = control if share + control < 100 else 0
    found = [Variant(version=champion, role="champion", weight=100 - share - control)]
    if candidate is not None:
        found.append(Variant(version=candidate, role="canary" if share else "shadow", weight=share))
    if control:
        found.append(Variant(version=champion, role="control", weight=control))
    return tuple(found)
