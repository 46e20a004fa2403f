"""How far people agree with the answers, and with each other: shares, Cohen's kappa, and an alarm."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple

from driftgate import uris
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.lake import lake
from driftgate.partition_keys import keys_between, parse_key
from driftgate.records import Record
from driftgate.review_policy import Review
from driftgate.reviews.answers import ReviewAnswer, decided, review_answers
from driftgate.reviews.item import ReviewItem, items_of, policy_of
from driftgate.use_cases import UseCase

CONFIDENCE = 0.95  # of each bound alone
Pair = tuple[bool, bool]


class Reviewed(NamedTuple):
    """What a model and people said of one request, and the groups that it is of, as ``column=value``."""

    said: Pair
    groups: tuple[str, ...]


class Agreement(Record):
    """Of ``items``, the share on which two agree; it may be as low as ``lower`` and as high as ``upper``.

    ``kappa`` is 1 where they always agree and 0 where they do as often as by chance; None where both say one thing.
    """

    items: int
    rate: float | None = None
    lower: float | None = None
    upper: float | None = None
    kappa: float | None = None


class ReviewAgreement(Record):
    """The agreement of the items of ``first_day`` to ``key``.

    ``model`` is that of people with the answers, by slice: ``all``, each reason, each group as ``column=value``;
    ``reviewers`` that of two people with each other. The verdict is about the random sample.
    """

    schema_version: int = 1
    use_case: str
    key: str
    first_day: str
    model: dict[str, Agreement]
    reviewers: Agreement
    verdict: Literal["ok", "low", "insufficient"]
    sentence: str


def measure_agreement(use_case: UseCase, key: str) -> ReviewAgreement:
    """Write how far people agree on the last nights' items; too little with the random sample is an alarm.

    :raises ConfigError: the use case has no section ``review``
    """
    review = policy_of(use_case)
    found = _measured(use_case, review, key)
    lake().write(uris.review_report(use_case.name, key), found.canonical())
    if found.verdict == "low":
        raise_alarm("review_agreement", use_case.name, found.sentence, use_case=use_case.name, evidence=found.hash)
    elif found.verdict == "ok":
        clear_alarm("review_agreement", use_case.name, found.sentence)
    return found


def agreement(pairs: Sequence[Pair], confidence: float = CONFIDENCE) -> Agreement:
    """Return the agreement of pairs of labels, each bound of it at ``confidence``."""
    from scipy.stats import binomtest

    if not pairs:
        return Agreement(items=0)
    count, same = len(pairs), sum(one == other for one, other in pairs)
    first, second = (sum(column) / count for column in zip(*pairs, strict=True))
    chance = first * second + (1 - first) * (1 - second)
    low, high = binomtest(same, count).proportion_ci(2 * confidence - 1)
    kappa = None if chance == 1 else round((same / count - chance) / (1 - chance), 6)
    bounds = {"lower": round(float(low), 6), "upper": round(float(high), 6)}
    return Agreement(items=count, rate=round(same / count, 6), **bounds, kappa=kappa)


def agreement_by_group(found: Sequence[Reviewed], min_answers: int) -> dict[str, Agreement]:
    """Return the agreement of each group with enough answers; what ``CONFIDENCE`` leaves is shared by their bounds."""
    pairs: dict[str, list[Pair]] = {}
    for one in found:
        for group in one.groups:
            pairs.setdefault(group, []).append(one.said)
    enough = {group: mine for group, mine in sorted(pairs.items()) if len(mine) >= min_answers}
    return {group: agreement(mine, 1 - (1 - CONFIDENCE) / len(enough)) for group, mine in enough.items()}


def random_sample(use_case: UseCase, key: str, version: str) -> list[Reviewed]:
    """Return what a model version and people said of the last nights' random sample, as far as people decided."""
    asked = [
        (item, decided(answers))
        for item, answers in _answered(use_case, _first_day(policy_of(use_case), key), key)
        if item.model_version == version and "random" in item.reasons
    ]
    return [Reviewed((item.prediction, label), _groups(item)) for item, label in asked if label is not None]


def _first_day(review: Review, key: str) -> str:
    return (parse_key(key) - timedelta(days=review.window_days - 1)).isoformat()


def _answered(use_case: UseCase, first: str, key: str) -> list[tuple[ReviewItem, list[ReviewAnswer]]]:
    """Return what was answered of the days from ``first`` to ``key``, and read no others: there may be years."""
    answers = review_answers(use_case, first)
    items = (item for day in keys_between(first, key) for item in items_of(use_case.name, day))
    return [(item, answers[item.prediction_id]) for item in items if item.prediction_id in answers]


def _measured(use_case: UseCase, review: Review, key: str) -> ReviewAgreement:
    first = _first_day(review, key)
    answered = _answered(use_case, first, key)
    of_model: dict[str, list[Pair]] = {"all": [], "random": []}
    for item, answers in answered:
        label = decided(answers)
        for name in _slices(item) if label is not None else ():
            of_model.setdefault(name, []).append((item.prediction, bool(label)))
    twice = [answers[:2] for _, answers in answered if len(answers) > 1]
    model = {name: agreement(pairs) for name, pairs in sorted(of_model.items())}
    verdict, sentence = _judged(review, model["random"])
    return ReviewAgreement(
        use_case=use_case.name,
        key=key,
        first_day=first,
        model=model,
        reviewers=agreement([(one.human_label, other.human_label) for one, other in twice]),
        verdict=verdict,
        sentence=sentence,
    )


def _slices(item: ReviewItem) -> Iterable[str]:
    return ("all", *item.reasons, *_groups(item))


def _groups(item: ReviewItem) -> tuple[str, ...]:
    return tuple(f"{column}={value}" for column, value in item.slices.items())


def _judged(review: Review, sample: Agreement) -> tuple[Literal["ok", "low", "insufficient"], str]:
    if sample.upper is None or sample.items < review.min_answers:
        return "insufficient", f"{sample.items} reviewed answers of the random sample are fewer than min_answers."
    told = (
        f"People agree with {sample.rate:.1%} (at most {sample.upper:.1%}) of {sample.items} answers sampled at random"
    )
    if sample.upper < review.min_agreement:
        return "low", f"{told}; 'review.min_agreement' asks for {review.min_agreement:.1%}."
    return "ok", f"{told}; 'review.min_agreement' is {review.min_agreement:.1%}."
