"""What features are worth to the champion and to those before it, and which columns none is made of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from driftgate.feature_reviews.columns import undeclared_columns, unread_columns
from driftgate.feature_reviews.worth import decayed_mean, feature_baselines, feature_worths
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.registry import find_model
from driftgate.registry.aliases import former_champions
from driftgate.sources import sample
from driftgate.use_cases import UseCase

NAME, NOON = "flight_delays", datetime(2013, 4, 3, 12)


@pytest.fixture
def served(put_package: Callable[..., Any], feature_shares: Callable[..., bytes]) -> Callable[..., Any]:
    """Register versions with these shares; each serves after the other, the last one now."""

    def made(*versions: dict[str, float], order: str = "") -> Any:
        for number, shares in enumerate(versions, 1):
            put_package(str(number), {"model.txt": b"tree", "feature_baseline.json": feature_shares(**shares)})
        order = order or "".join(str(number) for number in range(1, len(versions) + 1))
        for before, version in zip([None, *order], order, strict=False):
            alias = {"use_case": NAME, "alias": "champion", "version": version, "previous": before}
            metadata().append("alias", f"{NAME}/champion", alias)
        return find_model(NAME, order[-1])

    return made


def test_former_champions_weigh_half_of_the_one_after_them(served: Callable[..., Any]) -> None:
    champion = served({"a": 0.9, "b": 0.0, "old": 0.1}, {"a": 0.6, "b": 0.0}, {"a": 0.5, "b": 0.0, "c": 0.0, "d": 0.5})
    found = {one.feature: one for one in feature_worths(feature_baselines(champion))}
    assert list(found) == ["a", "d", "b", "c"]
    a = found["a"]
    assert a.former == {"2": 0.6, "1": 0.9}
    assert a.decayed == pytest.approx((0.6 + 0.9 / 2) / 1.5)
    assert a.change == pytest.approx(0.5 - 0.7)
    assert (found["d"].decayed, found["d"].change) == (None, None)
    assert [one.feature for one in found.values() if one.unused] == ["b", "c"]


def test_a_feature_that_served_a_former_champion_is_not_unused(served: Callable[..., Any]) -> None:
    champion = served({"a": 0.9, "b": 0.1}, {"a": 1.0, "b": 0.0})
    assert not any(one.unused for one in feature_worths(feature_baselines(champion)))


def test_who_came_back_is_no_former_champion(served: Callable[..., Any]) -> None:
    served({"a": 1.0}, {"a": 0.5}, {"a": 0.2}, order="1213")
    assert former_champions(NAME) == ["1", "2"]
    served_again = {"use_case": NAME, "alias": "champion", "version": "1", "previous": "3"}
    metadata().append("alias", f"{NAME}/champion", served_again)
    assert former_champions(NAME) == ["3", "2"]


@pytest.mark.parametrize(("shares", "mean"), [((), None), ((0.3,), 0.3), ((0.4, 0.1), 0.3), ((0.4, 0.1, 0.8), 0.3714)])
def test_the_decayed_mean(shares: tuple[float, ...], mean: float | None) -> None:
    assert decayed_mean(shares) == (None if mean is None else pytest.approx(mean, abs=1e-4))


def test_columns_that_no_feature_is_made_of(use_case: UseCase) -> None:
    unread = {f"{one.dataset}.{one.column}": one for one in unread_columns(use_case)}
    assert "planes.model" in unread
    assert unread["flights.air_time_minutes"].available_at == "outcome"
    read = ("flights.carrier", "weather.visibility_miles", "flights.tail_number", "planes.tail_number")
    assert not [name for name in read if name in unread], "made of, or the way to it"


def test_columns_that_arrive_and_that_no_contract_declares(use_case: UseCase) -> None:
    assert undeclared_columns(use_case, "2013-04-02") == {}
    for key, dropped in (("2013-04-01", ("gate",)), ("2013-04-02", ("gate", "crew")), ("2013-03-20", ("old",))):
        table = sample.table_of("planes", key)
        publish(lake(), f"raw/planes/{key}", table, known_at=NOON, dropped=dropped)
    assert undeclared_columns(use_case, "2013-04-02") == {"planes": ("crew", "gate")}
