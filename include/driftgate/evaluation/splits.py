"""Are training rows, validation rows and the requests of today of one kind? Each pair, feature by feature."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from driftgate.captures import capture_days, read_captures
from driftgate.captures.requests import requested
from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.report import GateResult, SplitDistance
from driftgate.profiles import Profile, profile_table
from driftgate.profiles.distances import distances
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

REQUEST_DAYS = 7  # with captures, the newest ones; fewer lack some weekday, which would tell them apart
ANSWERING = ("champion", "canary")  # a shadow's requests are the champion's again


def split_distances(
    use_case: UseCase, train: "pa.Table", validation: "pa.Table", last_day: str
) -> tuple[SplitDistance, ...]:
    """Return the distances of each pair of splits; requests only where enough were captured by ``last_day``."""
    names = [name for name in train.column_names if name not in (LABEL, *use_case.not_features)]
    profiles = {"train": profile_table(train, columns=names), "validation": profile_table(validation, columns=names)}
    captured = captured_requests(use_case, profiles["train"], last_day)
    if captured is not None:
        profiles["requests"] = profile_table(captured)
    return tuple(
        SplitDistance(
            feature=name,
            first=first,
            second=second,
            psi=rounded(found["psi"]),
            kolmogorov_smirnov=rounded(found["kolmogorov_smirnov"]) if "kolmogorov_smirnov" in found else None,
        )
        for first, second in combinations(profiles, 2)
        for name, found in _pairs(names, profiles[first], profiles[second])
    )


def split_gates(use_case: UseCase, found: tuple[SplitDistance, ...]) -> tuple[GateResult, ...]:
    """Compare each distance with the limit of the use case; without a limit there is no gate.

    :raises ConfigError: ``validation.splits.apart`` names no feature
    """
    policy = use_case.validation.splits
    _require_features(use_case, {one.feature for one in found})
    shares = [
        (value / limit, f"{name} of {one.feature} between {one.first} and {one.second} is {value:.3f} ({limit:g})")
        for one in found
        if one.feature not in policy.apart
        for name, value, limit in (
            ("PSI", one.psi, policy.max_psi),
            ("Kolmogorov-Smirnov", one.kolmogorov_smirnov, policy.max_kolmogorov_smirnov),
        )
        if value is not None and limit is not None
    ]
    if not shares:
        return ()
    beyond = sorted((share, told) for share, told in shares if share > 1)[::-1]
    worst, told = max(shares)
    sentence = f"No two splits lie further apart than allowed; nearest to its limit, {told}."
    if beyond:
        sentence = (
            f"{len(beyond)} distances between splits exceed their limits: {'; '.join(told for _, told in beyond[:3])}. "
            "Look at what changed; where a feature differs by its nature, name it in 'validation.splits.apart'."
        )
    return (
        GateResult(
            gate="splits",
            metric=use_case.metric.primary,
            value=rounded(worst),
            interval=None,
            threshold=1.0,
            verdict="fail" if beyond else "pass",
            sentence=sentence,
        ),
    )


def captured_requests(use_case: UseCase, reference: Profile, last_day: str) -> "pa.Table | None":
    """Return the requests of the newest week with captures, none after ``last_day``: the report stays what it was.

    :param reference: whose columns are wanted; None is returned where too few requests were captured
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    days = [day for day in capture_days(use_case.name) if day <= last_day][-REQUEST_DAYS:]
    if len(days) < REQUEST_DAYS:
        return None
    captures = pa.concat_tables([read_captures(use_case.name, day) for day in days])
    answered = captures.filter(pc.is_in(captures.column("variant_role"), pa.array(ANSWERING)))
    if answered.num_rows < use_case.monitor.data_drift.min_rows:
        return None
    return requested(answered, reference.columns)


def _pairs(names: list[str], first: Profile, second: Profile) -> Iterator[tuple[str, dict[str, float]]]:
    for name in names:
        yield name, distances(first.columns[name], second.columns[name])


def _require_features(use_case: UseCase, features: set[str]) -> None:
    for name in use_case.validation.splits.apart:
        if name not in features:
            raise ConfigError(
                f"{use_case.folder / 'use_case.yaml'}: 'validation.splits.apart' names {name!r}, which is no feature "
                f"of features.sql{nearest(name, features)}"
            )
