"""Whose the rows are: the groups of a facet, their shares then and now, and the features that stand for a group."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.coverage import rows_of
from driftgate.evaluation.fairness_report import GroupShares, Proxy
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.leakage import single_feature_auc
from driftgate.evaluation.splits import captured_requests
from driftgate.fairness_policy import Facet, Fairness
from driftgate.profiles import profile_table
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Segment

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 10_000  # that proxies are looked for in, evenly from all training rows
FEWEST_ROWS = 30  # of a group among them

Booleans = npt.NDArray[np.bool_]


def group_masks(facet: Facet, table: "pa.Table", where: str) -> dict[str, Booleans]:
    """Return which rows belong to each group.

    :param where: the key of the facet, for the sentence
    :raises ConfigError: there is no such column, or it cannot hold what a group asks for
    """
    return {
        name: rows_of(Segment(column=facet.column, min_rows=1, **group.model_dump()), table, f"{where}: group {name!r}")
        for name, group in facet.groups.items()
    }


def key_of(use_case: UseCase, facet: str) -> str:
    """Return where a facet is written."""
    return f"{use_case.folder / 'use_case.yaml'}: key 'fairness.facets.{facet}'"


def require_facets(use_case: UseCase, rows: "pa.Table", where: str) -> None:
    """Return when what ``fairness`` names is there, of the right type, and no row is of two groups of a facet.

    :param rows: what ``features.sql`` gives, with or without rows
    :raises ConfigError: it is not
    """
    for name, facet in use_case.fairness.facets.items() if use_case.fairness else ():
        key = f"{where}: key 'fairness.facets.{name}'"
        masks = group_masks(facet, rows, key)
        if (np.sum(list(masks.values()), axis=0) > 1).any():
            raise ConfigError(f"{key} has rows that are of two of its groups; make them exclude each other.")
        if facet.conditional_on is not None and facet.conditional_on not in rows.column_names:
            known = nearest(facet.conditional_on, rows.column_names)
            raise ConfigError(f"{key}.conditional_on names {facet.conditional_on!r}, no column of features.sql{known}")


def group_shares(
    use_case: UseCase, policy: Fairness, train: "pa.Table", validation: "pa.Table", last_day: str
) -> tuple[GroupShares, ...]:
    """Return how large each group is in the training rows, the validation rows and the requests of the newest week."""
    columns = sorted({facet.column for facet in policy.facets.values()})
    live = captured_requests(use_case, profile_table(train, columns=columns), last_day)
    found = []
    for name, facet in policy.facets.items():
        key = key_of(use_case, name)
        shares = [_shares(facet, table, key) for table in (train, validation)]
        now = _shares(facet, live, key) if live is not None else {}
        found += [
            GroupShares(
                facet=name, group=group, train=shares[0][group], validation=shares[1][group], live=now.get(group)
            )
            for group in facet.groups
        ]
    return tuple(found)


def group_proxies(use_case: UseCase, policy: Fairness, train: "pa.Table") -> tuple[Proxy, ...]:
    """Return the features that alone tell the rows of a group from all others with more than ``max_proxy_auc``."""
    rows = train.take(places_all_over(train.num_rows, MOST_ROWS))
    features = [name for name in rows.column_names if name not in (LABEL, *use_case.not_features)]
    found = []
    for name, facet in policy.facets.items():
        for group, inside in group_masks(facet, rows, key_of(use_case, name)).items():
            if min(inside.sum(), (~inside).sum()) < FEWEST_ROWS:
                continue
            told = {one: single_feature_auc(rows.column(one), inside) for one in features if one != facet.column}
            found += [
                Proxy(facet=name, group=group, feature=one, auc=rounded(auc))
                for one, auc in told.items()
                if auc > policy.max_proxy_auc
            ]
    return tuple(found)


def _shares(facet: Facet, table: "pa.Table", where: str) -> dict[str, float]:
    return {name: rounded(float(inside.mean())) for name, inside in group_masks(facet, table, where).items()}
