"""The agreement monitor: how often people who look at a random sample of the champion's answers say the same.

They know before outcomes do, and where outcomes never come. Answers of an earlier champion do not count: the training
that their errors asked for is over. A group of requests with enough answers is held to the same share.
"""

from driftgate.errors import CannotJudge
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.night import Night
from driftgate.review_policy import Review
from driftgate.reviews.agreement import Agreement, agreement, agreement_by_group


def judge_agreement(night: Night) -> Evidence:
    """Judge how far people agree with the champion.

    :raises CannotJudge: nobody looks at answers, or too few of the champion's were decided
    """
    review, champion = night.use_case.review, night.served
    if review is None:
        raise CannotJudge(f"{night.use_case.name} has no section 'review', so nobody looks at answers.")
    reviewed = night.reviewed()
    found = agreement([one.said for one in reviewed])
    if found.rate is None or found.lower is None or found.upper is None or found.items < review.min_answers:
        raise CannotJudge(
            f"{found.items} decided answers of model {champion} in the random sample are fewer than the "
            f"{review.min_answers} of 'review.min_answers'."
        )
    groups = agreement_by_group(reviewed, review.min_answers)
    low = [group for group, one in groups.items() if _is_low(one, review)]
    drifts = _is_low(found, review)
    kappa = () if found.kappa is None else (Statistic(name="kappa", value=found.kappa),)
    return night.found(
        "agreement",
        _share(found, review),
        f"People agree with {found.rate:.1%} ({found.lower:.1%} to {found.upper:.1%}) of {found.items} answers of "
        f"model {champion} that were sampled at random, {'certainly less than' if drifts else 'where'} "
        f"{review.min_agreement:.1%}{'' if drifts else ' is asked for'}."
        + (f" They certainly agree with less where {' or '.join(low)}." if low else ""),
        drifts=drifts or bool(low),
        severity="major" if drifts else "minor",
        sample_size=found.items,
        features=low,
        statistics=[*kappa, *(_share(one, review, group) for group, one in groups.items())],
    )


def _is_low(found: Agreement, review: Review) -> bool:
    return found.upper is not None and found.upper < review.min_agreement


def _share(found: Agreement, review: Review, group: str | None = None) -> Statistic:
    assert found.rate is not None and found.lower is not None and found.upper is not None  # noqa: S101  answered
    return Statistic(
        name="agreement",
        feature=group,
        value=found.rate,
        interval=(found.lower, found.upper),
        threshold=review.min_agreement,
    )
