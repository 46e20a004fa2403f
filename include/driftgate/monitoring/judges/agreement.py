"""The agreement monitor: how often people who look at a random sample of the champion's answers say the same.

They know before outcomes do, and where outcomes never come. Answers of an earlier champion do not count: the training
that their errors asked for is over.
"""

from driftgate.errors import CannotJudge
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.night import Night
from driftgate.reviews.agreement import agreement


def judge_agreement(night: Night) -> Evidence:
    """Judge how far people agree with the champion.

    :raises CannotJudge: nobody looks at answers, or too few of the champion's were decided
    """
    review, champion = night.use_case.review, night.served
    if review is None:
        raise CannotJudge(f"{night.use_case.name} has no section 'review', so nobody looks at answers.")
    found = agreement(night.reviewed())
    if found.rate is None or found.lower is None or found.upper is None or found.items < review.min_answers:
        raise CannotJudge(
            f"{found.items} decided answers of model {champion} in the random sample are fewer than the "
            f"{review.min_answers} of 'review.min_answers'."
        )
    drifts = found.upper < review.min_agreement
    limits = {"value": found.rate, "interval": (found.lower, found.upper), "threshold": review.min_agreement}
    kappa = () if found.kappa is None else (Statistic(name="kappa", value=found.kappa),)
    return night.found(
        "agreement",
        Statistic(name="agreement", **limits),
        f"People agree with {found.rate:.1%} ({found.lower:.1%} to {found.upper:.1%}) of {found.items} answers of "
        f"model {champion} that were sampled at random, {'certainly less than' if drifts else 'where'} "
        f"{review.min_agreement:.1%}{'' if drifts else ' is asked for'}.",
        drifts=drifts,
        severity="major",
        sample_size=found.items,
        statistics=kappa,
    )
