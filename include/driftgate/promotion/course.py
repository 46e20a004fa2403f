"""The course of one promotion: which steps a version went through, when, how each was judged, and how it ended."""

from dataclasses import dataclass
from datetime import datetime

from driftgate.metadata import metadata
from driftgate.promotion.changes import RecordedChange, changes_of
from driftgate.promotion.judgement import Judgement, judgement_of
from driftgate.promotion.state import KIND, DeploymentState, deployment, parse_state


@dataclass(frozen=True)
class Visit:
    """One time that a version was in one step; ``ended`` is None while it is there."""

    state: DeploymentState
    began: datetime
    ended: datetime | None
    judgement: Judgement | None

    @property
    def lasted(self) -> str:
        """How long it was there, for people."""
        return duration(self.began, self.ended) if self.ended else ""


@dataclass(frozen=True)
class Course:
    """All visits of a version and all changes made for it, oldest first; ``serving`` is what serves now."""

    use_case: str
    version: str
    visits: tuple[Visit, ...]
    changes: tuple[RecordedChange, ...]
    serving: DeploymentState | None

    @property
    def last(self) -> RecordedChange | None:
        """The last change that moved traffic."""
        return next((one for one in reversed(self.changes) if one.change.outcome in ("applied", "rolled_back")), None)

    @property
    def mood(self) -> str:
        """The colour of what became of it."""
        action = self.last.change.action if self.last else None
        return {"roll_back": "fail", "switch_champion": "pass", "end_shadow": "pass"}.get(str(action), "wait")

    @property
    def sentence(self) -> str:
        """What became of the version, in one sentence."""
        who, last = f"Version {self.version}", self.last
        if last is None:
            return f"{who} has met no traffic."
        if last.change.action == "roll_back":
            return f"{who} was rolled back from {self._where(last)} because {self._because(last)}."
        if last.change.action == "switch_champion":
            return f"{who} became champion {self._how}{self._replaced}."
        if last.change.action == "end_shadow":
            return f"{who} has passed its shadow, the end of its plan."
        return f"{who} is in {self.visits[-1].state.step}." if self.visits else f"{who} is under way."

    @property
    def _how(self) -> str:
        if not self.visits:
            return "without a step before"
        took = duration(self.visits[0].began, self.visits[-1].ended)
        return f"after {len(self.visits)} steps, {took} after the first began"

    @property
    def _replaced(self) -> str:
        now = self.serving.champion if self.serving else self.version
        return "" if now == self.version else f"; version {now} is champion now"

    def _where(self, change: RecordedChange) -> str:
        """Only a candidate has a champion beside it."""
        if len(change.change.before) < 2 or not self.visits:
            return "being champion"
        visit = self.visits[-1]
        met = f" after {visit.judgement.requests:,} requests" if visit.judgement else ""
        return f"{visit.state.step}{met}{f', {visit.lasted} into the step,' if visit.lasted else ''}"

    def _because(self, change: RecordedChange) -> str:
        judgement = self.visits[-1].judgement if len(change.change.before) > 1 and self.visits else None
        if judgement is None or judgement.reason != change.change.reason:
            return f"{change.change.requester} asked for it: {change.change.reason.rstrip('.')}"
        crossed = stopped_by(judgement)
        if judgement.outcome == "fail_now" and crossed:
            return f"it crossed {', '.join(crossed)}"
        return "it could not be judged before the deadline of the step"


def stopped_by(judgement: Judgement) -> list[str]:
    """Return the guardrails that were crossed; a wrong split of the requests only holds a candidate up."""
    groups: dict[str, list[str]] = {}
    for one in judgement.guardrails:
        if one.verdict == "fail" and one.name != "sample_ratio":
            groups.setdefault(one.name.replace("_", " "), []).extend([one.group] if one.group else [])
    return [name + (f" ({'; '.join(found)})" if found else "") for name, found in groups.items()]


def course_of(use_case_name: str, version: str) -> Course:
    """Return the course of a version as it is recorded now."""
    entries = metadata().history(KIND, use_case_name)
    times = [*(entry.written_at for entry in entries), None]
    visits = (
        Visit(state, entry.written_at, times[place + 1], judgement_of(state))
        for place, entry in enumerate(entries)
        if (state := parse_state(entry)).candidate == version
    )
    changes = (one for one in changes_of(use_case_name) if one.change.version == version)
    return Course(use_case_name, version, tuple(visits), tuple(changes), deployment(use_case_name))


def duration(began: datetime, ended: datetime | None) -> str:
    """Return how long something took, for people: ``3 min 12 s``."""
    seconds = round(((ended or began) - began).total_seconds())
    parts = (seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")
    there = [f"{amount} {unit}" for amount, unit in parts if amount]
    return " ".join(there[:2]) or "less than a second"
