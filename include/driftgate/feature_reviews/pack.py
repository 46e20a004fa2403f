"""What people look at in a feature review, in one record: columns, importances, sets of features, how much moves."""

from driftgate import uris
from driftgate.experiments.feature_sets import SetComparison
from driftgate.feature_review_policy import FeatureReview
from driftgate.feature_reviews.columns import UnreadColumn
from driftgate.feature_reviews.volatility import Volatility
from driftgate.feature_reviews.worth import FeatureWorth
from driftgate.lake import read_record
from driftgate.records import Record


class ReviewPack(Record):
    """The file of one review. ``comparison`` is None where no other set of features is at hand, or none may be trained.

    :param undeclared: by dataset, columns that were delivered and that no contract declares
    :param unread: columns of the contracts that no feature is made of
    :param new: features that ``features.sql`` gives and the champion does not know
    :param gone: features of the champion that ``features.sql`` gives no more
    """

    schema_version: int = 1
    use_case: str
    key: str
    why: str
    champion: str
    dataset_version: str
    policy: FeatureReview
    undeclared: dict[str, tuple[str, ...]]
    unread: tuple[UnreadColumn, ...]
    features: tuple[FeatureWorth, ...]
    former: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    comparison: SetComparison | None
    not_compared: str
    volatility: Volatility

    @property
    def unused(self) -> list[str]:
        """The features that bring nothing to the champion or to those before it."""
        return [one.feature for one in self.features if one.unused]


def read_pack(use_case_name: str, key: str) -> ReviewPack | None:
    """Return what the review of a night looks at, None when it was not put together."""
    return read_record(uris.feature_review(use_case_name, key), ReviewPack)
