"""Putting together what a feature review looks at: from records, and by training sets of features side by side."""

from collections.abc import Iterator, Sequence

from driftgate import uris
from driftgate.errors import CannotJudge, ConfigError, NotPermitted, nearest
from driftgate.experiments.feature_sets import FeatureSet, SetComparison, compare_sets, features_of, named_set
from driftgate.feature_review_policy import FeatureReview
from driftgate.feature_reviews.columns import undeclared_columns, unread_columns
from driftgate.feature_reviews.due import YEAR_NIGHTS
from driftgate.feature_reviews.pack import ReviewPack
from driftgate.feature_reviews.page import render_pack
from driftgate.feature_reviews.volatility import volatility
from driftgate.feature_reviews.worth import FeatureWorth, feature_baselines, feature_worths
from driftgate.lake import lake
from driftgate.monitoring import verdicts
from driftgate.registry import champion
from driftgate.use_cases import UseCase

OLD, NEW, LEAN = "champion", "features_sql", "without_unused"  # names of the sets that are compared unasked


def build_pack(use_case: UseCase, policy: FeatureReview, key: str, why: str, dataset_version: str) -> ReviewPack:
    """Put together what the review of the night of ``key`` looks at, write it with its page, and return it.

    :param dataset_version: the one that the sets of features are trained on
    :raises CannotJudge: there is no champion, or it has no feature baseline
    :raises ConfigError: a candidate of the policy names something that is no feature
    """
    serving = champion(use_case.name)
    if serving is None:
        raise CannotJudge(f"{use_case.name} has no champion whose features could be reviewed; promote one first.")
    baselines = feature_baselines(serving)
    worths = feature_worths(baselines)
    available, known = features_of(use_case, dataset_version), list(baselines[serving.version].features)
    comparison, reason = _compared(use_case, dataset_version, sets_to_compare(use_case, policy, available, worths))
    made = ReviewPack(
        use_case=use_case.name,
        key=key,
        why=why,
        champion=serving.version,
        dataset_version=dataset_version,
        policy=policy,
        undeclared=undeclared_columns(use_case, key),
        unread=unread_columns(use_case),
        features=worths,
        former=tuple(baselines)[1:],
        new=tuple(name for name in available if name not in known),
        gone=tuple(name for name in known if name not in available),
        comparison=comparison,
        not_compared=reason,
        volatility=volatility(verdicts(use_case.name, last=YEAR_NIGHTS, until=key)),
    )
    lake().write(uris.feature_review(use_case.name, key), made.canonical())
    lake().write(uris.feature_review(use_case.name, key, "html"), render_pack(made))
    return made


def sets_to_compare(
    use_case: UseCase, policy: FeatureReview, available: Sequence[str], worths: Sequence[FeatureWorth]
) -> dict[str, FeatureSet]:
    """Return the champion's set first, then what it may be held against; each set once.

    :param available: the features that ``features.sql`` gives
    :raises ConfigError: a candidate names something that is no feature
    """
    known = [one.feature for one in worths]
    found = {OLD: FeatureSet(tuple(name for name in available if name not in known))}
    for name, one in _others(use_case, policy, available, worths):
        where = f"{use_case.folder / 'use_case.yaml'}: key 'feature_review.candidates.{name}.leave_out'"
        if wrong := next((feature for feature in one.left_out if feature not in available), None):
            raise ConfigError(f"{where} names {wrong!r}, no feature{nearest(wrong, available)}")
        if set(one.left_out) >= set(available) and not one.added:
            raise ConfigError(f"{where} leaves out every feature; keep one.")
        if not any(_same(one, other) for other in found.values()):
            found[name] = one
    return found


def _others(
    use_case: UseCase, policy: FeatureReview, available: Sequence[str], worths: Sequence[FeatureWorth]
) -> Iterator[tuple[str, FeatureSet]]:
    yield NEW, FeatureSet()
    used = [one.feature for one in worths if one.feature in available and not one.unused]
    if used:
        yield LEAN, FeatureSet(tuple(name for name in available if name not in used))
    for name, one in policy.candidates.items():
        yield name, named_set(use_case, name, one.leave_out, one.add)


def _same(one: FeatureSet, other: FeatureSet) -> bool:
    return set(one.left_out) == set(other.left_out) and set(one.added) == set(other.added)


def _compared(use_case: UseCase, dataset_version: str, sets: dict[str, FeatureSet]) -> tuple[SetComparison | None, str]:
    if len(sets) == 1:
        return None, "The champion has every feature of features.sql, none is unused, and no candidate is declared."
    try:
        return compare_sets(use_case, dataset_version, sets), ""
    except NotPermitted as reason:  # people can still look at the rest
        return None, str(reason)
