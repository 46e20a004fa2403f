"""The monitor of data quality: the night's partitions, what the requests lack, and labels that contradict the champion.

What has a limit in ``monitor.quality``, or cannot be right (a feature that no request has), is a major drift. What only
left its own usual, three standard deviations of the nights before, is a minor one, but for a week of labels.
"""

from collections.abc import Iterator
from contextlib import suppress
from statistics import fmean
from typing import NamedTuple

from driftgate.captures.sampling import sampled_share
from driftgate.errors import CannotJudge
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.label_check import disagreement
from driftgate.monitoring.judges.own_history import Usual, usual, values_before
from driftgate.monitoring.night import Night
from driftgate.severity import Severity

NOTABLE = 0.01  # less of a score's fall is none, however steady it was
FEWER = 0.1  # so much less of the partition's rows was asked about
WEEK = 7
MOST_TOLD = 3


class Looked(NamedTuple):
    """One number, and what is wrong about it: nothing, where there is no severity."""

    number: Statistic
    severity: Severity | None = None
    sentence: str = ""
    features: tuple[str, ...] = ()


def judge_quality(night: Night) -> Evidence:
    """Judge the data of one night.

    :raises CannotJudge: there are neither reports on its partitions nor answers
    """
    found = [one for dataset in night.use_case.datasets for one in _partition(night, dataset)]
    if night.champion is not None:
        found += [*_asked(night), *_features(night), *_labels(night)]
    if not found:
        raise CannotJudge(f"{night.key} has neither a validation report nor answers, so its data cannot be judged.")
    wrong = [one for one in found if one.severity]
    worst = next((one for one in wrong if one.severity == "major"), wrong[0] if wrong else found[0])
    return night.found(
        "quality",
        worst.number,
        " ".join(one.sentence for one in wrong) or _all_well(night, found),
        drifts=bool(wrong),
        severity=worst.severity,
        sample_size=night.answers.num_rows,
        features=[name for one in wrong for name in one.features],
        statistics=[one.number for one in found],
    )


def _partition(night: Night, dataset: str) -> Iterator[Looked]:
    """Look at how much of a partition was quarantined, what else its contract found, and its profile's scores."""
    report, limit = night.validated(dataset), night.use_case.monitor.quality.max_quarantined_share
    if report is not None and report.rows_in:
        share = report.rows_quarantined / report.rows_in
        told = f"{report.rows_quarantined} of {report.rows_in} rows of {dataset} were quarantined, {share:.1%}."
        number = Statistic(name=f"quarantined_share({dataset})", value=share, threshold=limit)
        yield Looked(number, "major", told) if share > limit else Looked(number)
        yield Looked(Statistic(name=f"broken_rules({dataset})", value=report.failed))
    profile = night.partition_profile(dataset)
    for dimension, score in profile.quality.model_dump().items() if profile and profile.quality else ():
        if score is not None:
            yield _score(night, f"{dimension}({dataset})", score)


def _score(night: Night, name: str, score: float) -> Looked:
    before = usual(values_before(night, "quality", name))
    lowest = min(before.lowest, before.mean - NOTABLE) if before else None
    number = Statistic(name=name, value=score, threshold=lowest, reference=before.mean if before else None)
    if before is None or lowest is None or score >= lowest:
        return Looked(number)
    return Looked(number, "minor", f"{name} fell to {score:.1%}, from {before.mean:.1%} on the nights before.")


def _asked(night: Night) -> Iterator[Looked]:
    """Look at how many of the partition's rows the champion was asked about: missing ones are missing predictions."""
    report = night.validated(night.use_case.datasets[0])
    if report is None or not report.rows_validated:
        return
    share = night.answers.num_rows / sampled_share(night.answers) / report.rows_validated
    before = usual(values_before(night, "quality", "asked_share"))
    lowest = min(before.lowest, before.mean - FEWER) if before else None
    number = Statistic(name="asked_share", value=share, threshold=lowest, reference=before.mean if before else None)
    if before is None or lowest is None or share >= lowest:
        yield Looked(number)
        return
    told = f"Requests came for {share:.0%} of the rows of {night.use_case.datasets[0]}, for {before.mean:.0%} before."
    yield Looked(number, "minor", told)


def _features(night: Night) -> Iterator[Looked]:
    """Look for features that no request has a value of, though every day of training had: gusts lack on a calm one."""
    with suppress(CannotJudge):
        days = night.baseline.days
        lacking = days.lacking() if days else set()
        columns = night.baseline.profile.columns
        trained = {name for name, one in columns.items() if one.nulls < one.rows} - lacking
        gone = tuple(name for name in sorted(trained) if night.features.column(name).null_count == len(night.features))
        number = Statistic(name="absent_features", value=len(gone), threshold=0)
        names = ", ".join(gone[:MOST_TOLD]) + (f" and {len(gone) - MOST_TOLD} more" if len(gone) > MOST_TOLD else "")
        yield Looked(number, "major", f"No request has a value of {names}.", gone) if gone else Looked(number)


def _labels(night: Night) -> Iterator[Looked]:
    """Look at whether the labels of the newest night, or of a week, contradict the champion as never before."""
    with suppress(CannotJudge):
        name, value, chance = disagreement(night)
        week = [*values_before(night, "quality", name, nights=WEEK - 1, drifts=True), value]
        before = usual(values_before(night, "quality", name, skip=WEEK - 1), chance=chance)
        yield _night_of_labels(night, Statistic(name=name, value=value), before)
        if len(week) == WEEK and before is not None:
            yield _week_of_labels(night, Statistic(name=f"{name}_week", value=fmean(week)), before)


def _night_of_labels(night: Night, number: Statistic, before: Usual | None) -> Looked:
    if before is None:
        return Looked(number)
    number = number.model_copy(update={"threshold": before.highest, "reference": before.mean})
    told = f"Labels of {night.labelled_key} contradict model {night.served} as on no night before ({number.name} "
    told += f"{number.value:.3f}, at most {before.highest:.3f})."
    return Looked(number, "minor", told) if number.value > before.highest else Looked(number)


def _week_of_labels(night: Night, number: Statistic, before: Usual) -> Looked:
    highest = before.highest_of(WEEK)
    number = number.model_copy(update={"threshold": highest, "reference": before.mean})
    told = f"Labels of the week to {night.labelled_key} contradict model {night.served} more than those before "
    told += f"({number.name} {number.value:.3f}, at most {highest:.3f}): were they joined or computed another way?"
    return Looked(number, "major", told) if number.value > highest else Looked(number)


def _all_well(night: Night, found: list[Looked]) -> str:
    limited = sum(one.number.threshold is not None for one in found)
    broken = sum(int(one.number.value) for one in found if one.number.name.startswith("broken_rules"))
    told = f"All {limited} numbers of {night.key} with a limit keep it"
    return f"{told}; {broken} rules of contracts were broken." if broken else f"{told}."
