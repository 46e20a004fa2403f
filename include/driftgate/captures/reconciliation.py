"""The night's count: what endpoints answered and numbered against the captures in the lake.

Two counts that know nothing of each other. Captures are numbered without a gap, so a number that is not in the lake is
a capture that got lost on its way. Answers are counted where they are made, so fewer captured answers than that are
answers that were never captured. After a kill the newest seconds are in neither count, which hides no loss before.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.captures.erased import Erased, erased_numbers
from driftgate.captures.reading import capture_days, read_captures
from driftgate.captures.tally import SUFFIX, Tally, read_tallies
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.records import Record, sha256

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "capture_count"
ANSWERING = ("champion", "canary", "fallback", "control")
QUIET = timedelta(hours=1)  # since an endpoint counted anything of a day: then its captures have arrived
WATCHED = timedelta(days=2)  # a day that was quiet for longer was counted before
NAMED = 5  # missing captures in the sentence


class CaptureCount(Record):
    """What came of counting one day.

    :param missing: numbered captures that are not in the lake
    :param uncaptured: answers without a capture
    :param examples: some of the missing ones, as run and number
    """

    schema_version: int = 1
    use_case: str
    day: str
    tallies_sha256: str
    answers: int
    left_out: int
    captures: int
    missing: int
    uncaptured: int
    examples: tuple[str, ...] = ()

    @property
    def sentence(self) -> str | None:
        """What is wrong, for a person; None when nothing is."""
        if not self.missing and not self.uncaptured:
            return None
        named = f" (run and number {', '.join(self.examples)})" if self.examples else ""
        return (
            f"Captures of {self.use_case} on {self.day} got lost: {self.missing} of {self.captures} numbered ones are "
            f"not in the lake{named}, and {self.uncaptured} of {self.answers} answers have none; look for '.broken' "
            "files in the endpoint's journal, for a machine that died, and for who deletes in the lake."
        )


def reconcile_captures(use_case_name: str, now: datetime) -> list[CaptureCount]:
    """Count every day that has become quiet since it was counted last, and raise an alarm for each that lacks captures.

    :param now: in UTC
    """
    counted = []
    for day in capture_days(use_case_name):
        folder = uris.captures(use_case_name, day)
        times = [item.written_at for item in lake().objects(folder) if item.path.endswith(SUFFIX)]
        if times and QUIET <= now - max(times) <= WATCHED and (found := _counted(use_case_name, day)):
            counted.append(found)
    return counted


def count_captures(use_case_name: str, day: str) -> CaptureCount:
    """Hold the captures of one day against what the endpoints counted."""
    tallies, captures = read_tallies(use_case_name, day), read_captures(use_case_name, day)
    erased = erased_numbers(use_case_name, day)
    missing = _missing(captures, tallies, erased)
    answered = _answered(captures, erased)
    return CaptureCount(
        use_case=use_case_name,
        day=day,
        tallies_sha256=_hash(tallies),
        answers=sum(tally.answers for tally in tallies),
        left_out=sum(tally.left_out for tally in tallies),
        captures=sum(tally.captures for tally in tallies),
        missing=len(missing),
        uncaptured=sum(max(0, one.answers - one.left_out - answered.get(one.run, 0)) for one in tallies),
        examples=tuple(missing[:NAMED]),
    )


def _counted(use_case_name: str, day: str) -> CaptureCount | None:
    """Count a day and record it; None when nothing was answered since the last time."""
    subject = f"{use_case_name}/{day}"
    last = metadata().latest(KIND, subject)
    if last and last.body["tallies_sha256"] == _hash(read_tallies(use_case_name, day)):
        return None
    count = count_captures(use_case_name, day)
    if count.sentence:
        raise_alarm("captures_lost", subject, count.sentence, use_case=use_case_name, evidence=count.hash)
    else:
        clear_alarm("captures_lost", subject, "Every capture is in the lake.")
    metadata().append(KIND, subject, count.model_dump(mode="json"))
    return count


def _hash(tallies: Iterable[Tally]) -> str:
    return sha256(b"".join(tally.canonical() for tally in tallies))


def _missing(captures: "pa.Table", tallies: Iterable[Tally], erased: Iterable[Erased]) -> list[str]:
    """Return run and number of every capture that must be in the lake and is not."""
    there: dict[str, set[int]] = {}
    rows = captures.select(["run", "sequence"]).to_pydict()
    for run, number in zip(rows["run"], rows["sequence"], strict=True):
        if run is not None:
            there.setdefault(run, set()).add(number)
    for one in erased:
        there.setdefault(one.run, set()).add(one.sequence)
    last = {run: max(numbers) for run, numbers in there.items()}
    for tally in tallies:
        last[tally.run] = max(last.get(tally.run, 0), tally.captures)
    return [
        f"{run}/{number}"
        for run, upper in sorted(last.items())
        for number in sorted(set(range(1, upper + 1)) - there.get(run, set()))
    ]


def _answered(captures: "pa.Table", erased: Iterable[Erased]) -> Mapping[str, int]:
    """Return how many answers that a caller got are captured, by run; an erased one was."""
    import pyarrow as pa
    import pyarrow.compute as pc

    given = captures.filter(
        pc.and_(pc.is_in(captures.column("variant_role"), pa.array(ANSWERING)), pc.is_valid(captures.column("score")))
    )
    counts = pc.value_counts(given.column("run")).to_pylist()
    found = {one["values"]: int(one["counts"]) for one in counts if one["values"] is not None}
    for one in erased:
        found[one.run] = found.get(one.run, 0) + int(one.answered)
    return found
