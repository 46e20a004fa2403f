"""One round of review: begun when it is due, answered by people, and, where they approve it, trained for once.

A use case has one round at a time: all are revisions of one record, changed by compare-and-swap.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from driftgate.errors import Conflict, NotPermitted
from driftgate.feature_review_policy import FeatureReview
from driftgate.metadata import Entry, metadata
from driftgate.monitoring import outcome_of
from driftgate.partition_keys import days_between
from driftgate.records import Record, parse_record

KIND = "feature_review"
State = Literal["open", "approved", "rejected", "unanswered"]
ANSWERS: tuple[State, ...] = ("approved", "rejected")


class ReviewRound(Record):
    """One review; ``signed`` is who signed in which role, ``retraining`` what was trained because of it."""

    schema_version: int = 1
    use_case: str
    key: str
    run: str
    why: str
    state: State = "open"
    pack_sha256: str | None = None
    signed: dict[str, str] = {}
    answered_by: str | None = None
    reason: str = ""
    retraining: str | None = None

    @property
    def request(self) -> str:
        """The reason of the retraining that it asks for."""
        who = ", ".join(f"{name} ({role})" for role, name in sorted(self.signed.items()))
        return f"The feature review of {self.key} was approved by {who}." + (f" {self.reason}" if self.reason else "")


def rounds(use_case_name: str) -> list[ReviewRound]:
    """Return every review of a use case as it stands, oldest first."""
    found = {one.key: one for one in map(_parse, metadata().history(KIND, use_case_name))}
    return [found[key] for key in sorted(found)]


def last_answered(use_case_name: str) -> str | None:
    """Return the night of the last review that people answered."""
    return max((one.key for one in rounds(use_case_name) if one.state in ANSWERS), default=None)


def begin_round(use_case_name: str, key: str, run: str, why: str, policy: FeatureReview) -> ReviewRound:
    """Record that a review begins, and return it; the same run begins the same one again.

    :raises NotPermitted: another run's review waits for its answer, or that of this night has been answered
    :raises Conflict: another run began one at the same moment
    """
    entry = metadata().latest(KIND, use_case_name)
    before = _parse(entry) if entry else None
    if before and before.run == run and before.state == "open":
        return before
    if before and before.state == "open" and days_between(before.key, key) <= policy.deadline_days:
        raise NotPermitted(
            f"The feature review of {use_case_name} of {before.key} waits for its answer; answer it, or wait until "
            f"its {policy.deadline_days} days are over."
        )
    if before and before.key >= key and before.state in ANSWERS:
        raise NotPermitted(
            f"The feature review of {use_case_name} of {before.key} is {before.state}; take a later day."
        )
    made = ReviewRound(use_case=use_case_name, key=key, run=run, why=why)
    return _write(made, entry.revision if entry else 0)


def answer(
    use_case_name: str,
    key: str,
    *,
    approve: bool | None,
    roles: Sequence[str],
    signed: Mapping[str, str | None],
    by: str | None = None,
    reason: str = "",
    pack_sha256: str | None = None,
) -> ReviewRound:
    """Record what people said of the review of one night, and return it; saying it again changes nothing.

    :param approve: None when nobody answered in time
    :param signed: by role, who signs
    :raises NotPermitted: an approval lacks a role, or one person signs for two; a rejection has no reason; or it is
        not this night's review that waits
    """
    entry = metadata().latest(KIND, use_case_name)
    current = _parse(entry) if entry else None
    if entry is None or current is None or current.key != key:
        raise NotPermitted(f"No feature review of {use_case_name} of {key} waits for an answer.")
    given = require_complete(roles, approve, signed, reason)
    state: State = "unanswered" if approve is None else "approved" if approve else "rejected"
    changes = {"state": state, "signed": given, "answered_by": by, "reason": reason.strip(), "pack_sha256": pack_sha256}
    made = current.model_copy(update=changes)
    if made == current:
        return current
    if current.state != "open":
        raise NotPermitted(f"The feature review of {use_case_name} of {key} is {current.state} already.")
    return _write(made, entry.revision)


def approved(use_case_name: str, run: str = "") -> ReviewRound | None:
    """Return the approved review that wants its retraining; None where there is none, or it has one.

    :param run: which begins it; of one that it has begun already, the review is returned again
    """
    entry = metadata().latest(KIND, use_case_name)
    current = _parse(entry) if entry else None
    if current is None or current.state != "approved":
        return None
    begun = outcome_of(use_case_name, current.retraining) if current.retraining else None
    return current if begun is None or begun.run == run else None


def trained(asked: ReviewRound, retraining: str) -> None:
    """Record which retraining an approved review led to; no other one follows from it.

    :raises Conflict: the review was changed meanwhile
    """
    entry = metadata().latest(KIND, asked.use_case)
    if entry is None or _parse(entry) != asked:
        raise Conflict(f"The feature review of {asked.use_case} of {asked.key} was changed meanwhile.")
    if asked.retraining != retraining:
        _write(asked.model_copy(update={"retraining": retraining}), entry.revision)


def require_complete(
    roles: Sequence[str], approve: bool | None, signed: Mapping[str, str | None], reason: str
) -> dict[str, str]:
    """Return the names of those who sign, by role.

    :raises NotPermitted: an approval lacks a role, or one person signs for two; or a rejection has no reason
    """
    names = {role: " ".join((signed.get(role) or "").split()) for role in roles}
    given = {role: name for role, name in names.items() if name}
    if approve is False and not reason.strip():
        raise NotPermitted("A rejection says why; fill in the reason.")
    if approve and (missing := [role for role in roles if role not in given]):
        raise NotPermitted(f"An approval is signed in every role; fill in {' and '.join(missing)}.")
    if approve and len({name.casefold() for name in given.values()}) < len(given):
        raise NotPermitted("Each role is signed by a person of its own; one name stands in two.")
    return given


def _write(made: ReviewRound, expected: int) -> ReviewRound:
    metadata().append(KIND, made.use_case, made.model_dump(mode="json"), expected=expected)
    return made


def _parse(entry: Entry) -> ReviewRound:
    return parse_record(entry.body, ReviewRound, where=f"the feature review of {entry.subject}")
