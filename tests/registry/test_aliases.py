"""The champion alias moves by compare-and-swap, keeps its history, and MLflow shows it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from driftgate.errors import ConfigError, Conflict
from driftgate.metadata import metadata
from driftgate.registry import champion, move_alias, set_champion, tracking
from driftgate.registry.aliases import Alias

GOLDEN = '{"alias":"champion","previous":"1","schema_version":1,"use_case":"flight_delays","version":"2"}'


@pytest.fixture(autouse=True)
def versions(package, mlflow_database) -> None:
    client = tracking._client()
    client.create_registered_model("flight_delays")
    for version in ("1", "2"):
        client.create_model_version("flight_delays", "lake")
        package(version)


def test_there_is_no_champion_before_the_first_one() -> None:
    assert champion("flight_delays") is None


def test_the_champion_is_the_version_that_was_set_and_mlflow_shows_it() -> None:
    set_champion("flight_delays", "1", expected=None)
    set_champion("flight_delays", "2", expected="1")
    assert champion("flight_delays").version == "2"
    assert str(tracking._client().get_model_version_by_alias("flight_delays", "champion").version) == "2"


def test_every_move_is_kept() -> None:
    for before, version in ((None, "1"), ("1", "2"), ("1", "2"), ("2", "1")):
        set_champion("flight_delays", version, expected=before)
    moves = [
        (entry.body["previous"], entry.body["version"])
        for entry in metadata().history("alias", "flight_delays/champion")
    ]
    assert moves == [(None, "1"), ("1", "2"), ("2", "1")]


def test_a_move_from_where_it_no_longer_is_meets_a_conflict() -> None:
    set_champion("flight_delays", "2", expected=None)
    with pytest.raises(Conflict, match="champion of flight_delays is version 2, not 3: someone moved it first"):
        set_champion("flight_delays", "1", expected="3")
    with pytest.raises(Conflict, match="is version 2, not none: someone moved it first"):
        set_champion("flight_delays", "1", expected=None)
    assert set_champion("flight_delays", "1", expected="2").version == "1"
    assert set_champion("flight_delays", "1", expected="2").version == "1", "a retry of the move that was made"


def test_of_two_that_promote_at_once_one_loses(package) -> None:
    """Each read that there is no champion; whoever comes second must look again."""
    start = Barrier(2)

    def promote(version: str) -> str:
        start.wait()
        try:
            return set_champion("flight_delays", version, expected=None).version
        except Conflict:
            return "lost"

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(promote, ["1", "2"]))
    [winner] = set(found) - {"lost"}
    assert found.count("lost") == 1
    assert champion("flight_delays").version == winner
    assert len(metadata().history("alias", "flight_delays/champion")) == 1


def test_a_crash_before_mlflow_was_told_heals_by_moving_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(tracking, "show_alias", crash)
        with pytest.raises(OSError, match="power cut"):
            set_champion("flight_delays", "1", expected=None)
    set_champion("flight_delays", "1", expected=None)
    assert str(tracking._client().get_model_version_by_alias("flight_delays", "champion").version) == "1"
    assert len(metadata().history("alias", "flight_delays/champion")) == 1


def test_an_unknown_version_cannot_be_champion() -> None:
    with pytest.raises(ConfigError, match=r"no model version '7'.*Known: 1, 2"):
        set_champion("flight_delays", "7", expected=None)


def test_other_aliases_move_alike() -> None:
    move_alias("flight_delays", "candidate", "2", expected=None)
    assert champion("flight_delays") is None


def test_the_golden_alias_is_written_and_read_unchanged() -> None:
    alias = Alias(use_case="flight_delays", alias="champion", version="2", previous="1")
    assert alias.canonical().decode() == GOLDEN
    assert Alias.model_validate_json(GOLDEN) == alias
