"""Every model that answers, and what is wrong with it: the newest verdict of each use case, aspect by aspect."""

from collections.abc import Iterable
from dataclasses import dataclass

from driftgate.alarms import Alarm, alarms
from driftgate.drift_rules import MUST_JUDGE
from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.pages.words import ASPECTS, colour, finding
from driftgate.monitoring.verdicts.record import Verdict, verdicts
from driftgate.severity import SEVERITIES
from driftgate.use_cases import load_use_case, use_case_names

COLOURS = ("fail", "warn", "insufficient", "pass")  # the worst first


@dataclass(frozen=True)
class Cell:
    """What is known of one aspect of a model; ``monitor`` is the one to read first."""

    aspect: str
    colour: str
    text: str
    sentence: str
    monitor: str = ""


@dataclass(frozen=True)
class ModelStatus:
    """One use case's champion; ``verdict`` is the newest one, None before the first night."""

    use_case: str
    risk: str
    owner: str
    verdict: Verdict | None
    cells: tuple[Cell, ...]
    alarms: tuple[Alarm, ...]  # that last, the worst first


def model_status() -> list[ModelStatus]:
    """Return the status of every use case's champion."""
    lasting = alarms(lasting=True)
    return [_of(name, [alarm for alarm in lasting if alarm.use_case == name]) for name in use_case_names()]


def _of(name: str, lasting: list[Alarm]) -> ModelStatus:
    use_case = load_use_case(name)
    newest = next(iter(verdicts(name, last=1)), None)
    return ModelStatus(
        use_case=name,
        risk=use_case.promote.risk,
        owner=use_case.owner.team,
        verdict=newest,
        cells=tuple(aspect_cell(aspect, newest.evidence if newest else ()) for aspect in ASPECTS),
        alarms=tuple(sorted(lasting, key=lambda alarm: -SEVERITIES.index(alarm.severity))),
    )


def aspect_cell(aspect: str, evidence: Iterable[Evidence]) -> Cell:
    """Return what a night's evidence says of one aspect.

    It is as bad as its worst drift. Without any it is good only if those have judged that have to for a quiet night.
    """
    mine = [one for one in evidence if one.monitor in ASPECTS[aspect]]
    if not mine:
        return Cell(aspect, "", "not watched", "No monitor of this use case looks at it.")
    drifts = sorted((one for one in mine if one.verdict == "drift"), key=lambda one: COLOURS.index(colour(one)))
    if drifts:
        text = f"{finding(drifts[0])}: {', '.join(one.monitor for one in drifts)}"
        return Cell(aspect, colour(drifts[0]), text, " ".join(one.sentence for one in drifts), drifts[0].monitor)
    good = _judged(aspect, mine)
    told = [one for one in mine if one.verdict == ("ok" if good else "insufficient")]
    sentence = " ".join(one.sentence for one in told)
    colour_, text = ("pass", "ok") if good else ("insufficient", "cannot judge")
    return Cell(aspect, colour_, text, sentence, told[0].monitor)


def _judged(aspect: str, evidence: list[Evidence]) -> bool:
    judged = {one.monitor for one in evidence if one.verdict != "insufficient"}
    needed = [group for group in MUST_JUDGE if group & set(ASPECTS[aspect])]
    return bool(judged) and all(group & judged for group in needed)
