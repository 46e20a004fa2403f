"""Following the deployment states: what is swapped in, and what happens when it cannot be."""

import pytest

from driftgate import promotion
from driftgate.endpoint import watching
from driftgate.endpoint.packages import BYTES_PER_FILE_BYTE, MB
from driftgate.endpoint.refusals import Refused
from driftgate.lake import lake
from driftgate.registry import load_package

NAME = "flight_delays"


@pytest.fixture
def watcher(server):
    return server.watcher


def shown(watcher):
    """The roles and versions that are really served."""
    return [(one.role, one.version, one.weight) for one in watcher.served(NAME).variants]


def spoil(version):
    path = f"models/{NAME}/{version}/model.txt"
    lake().write(path, lake().read(path).replace(b"tree", b"tree ", 1))


def failures(watcher, version):
    return watcher._metrics.package_failures.labels(NAME, version)._value.get()


def test_the_newest_state_is_served(watcher, world):
    world.deploy("1")
    watcher.poll()
    assert shown(watcher) == [("champion", "1", 100)]
    revision = world.deploy("1", "2", share=25)
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 75), ("canary", "2", 25)]
    assert (watcher.served(NAME).revision, watcher.served(NAME).step) == (revision, "canary_25")
    assert watcher.problems() == {}


def test_a_request_in_flight_keeps_the_variants_it_began_with(watcher, world):
    world.deploy("1")
    watcher.poll()
    before = watcher.served(NAME)
    world.deploy("2")
    watcher.poll()

    assert before.champion.score([world.ROW])
    assert before.champion.version == "1"
    assert watcher.served(NAME).champion.version == "2"


def test_a_package_is_loaded_once_for_all_its_roles(server, world, monkeypatch):
    loaded = []
    monkeypatch.setattr(server.watcher._packages, "_load", lambda *asked: loaded.append(asked) or load_package(*asked))
    for share in (0, 5, 25):
        world.deploy("1", "2", share=share)
        server.watcher.poll()
    world.deploy("2")
    server.watcher.poll()
    server.watcher.poll()

    assert loaded == [(NAME, "1"), (NAME, "2")]


def test_the_last_champion_is_still_in_memory_when_it_has_to_come_back(server, world, monkeypatch):
    for version in ("1", "2"):
        world.deploy(version)
        server.watcher.poll()
    monkeypatch.setattr(server.watcher._packages, "_load", lambda *asked: 1 / 0)
    world.deploy("1")
    server.watcher.poll()

    assert shown(server.watcher) == [("champion", "1", 100)]


@pytest.fixture
def limited(server, monkeypatch):
    """Leave room for so many packages, each taken to be 10 MB."""

    def limit(count):
        packages = server.watcher._packages
        monkeypatch.setattr(packages, "_file_bytes", lambda *_: 10 * MB // BYTES_PER_FILE_BYTE)
        monkeypatch.setattr(packages, "_resident_bytes", lambda: 100 * MB + packages._size)
        monkeypatch.setattr(packages, "_without_packages", 100 * MB)
        monkeypatch.setattr(packages, "_max_bytes", (100 + 10 * count) * MB)

    return limit


def test_a_shadow_without_room_is_refused_and_counted_and_the_champion_serves(watcher, server, world, limited):
    limited(1)
    world.deploy("1", "2")
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]
    assert watcher.problems()[NAME] == (
        "Version 2 cannot be loaded: it takes about 9 MB, and 109 of the 110 MB of 'endpoint.max_memory_mb' are taken; "
        "raise that, or end a shadow or a canary."
    )
    assert b'without_room_total{role="shadow",use_case="flight_delays",version="2"} 1.0' in server._render_metrics()


def test_a_retired_package_goes_before_anything_is_refused(watcher, world, limited, train):
    limited(2)
    world.register("3", train(3))
    for version in ("1", "2", "3"):
        world.deploy(version)
        watcher.poll()

    assert shown(watcher) == [("champion", "3", 100)]
    assert watcher.problems() == {}
    assert [version for _, version in watcher._packages._held] == ["2", "3"]


def test_shadows_make_room_for_a_champion_and_are_tried_again_later(watcher, world, limited, train, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    limited(2)
    world.register("3", train(3))
    world.deploy("1", "2")
    watcher.poll()
    assert shown(watcher) == [("champion", "1", 100), ("shadow", "2", 0)]
    world.deploy("3", "2")
    watcher.poll()
    assert shown(watcher) == [("champion", "3", 100)]
    assert "of 'endpoint.max_memory_mb' are taken" in watcher.problems()[NAME]

    now += 60  # by now the old champion is retired, and its memory is free
    watcher.poll()
    assert shown(watcher) == [("champion", "3", 100), ("shadow", "2", 0)]
    assert watcher.problems() == {}


def test_a_use_case_that_raises_does_not_touch_the_others(watcher, world, monkeypatch):
    """A broken file, a record that nobody can read: whatever it is, the use cases before and after it are served."""
    world.deploy("1")
    monkeypatch.setattr(watching, "use_case_names", lambda: ["a_broken_one", NAME, "zebra"])
    of = watcher._state_of
    monkeypatch.setattr(watcher, "_state_of", lambda name: of(name) if name == NAME else 1 / 0)
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]
    assert set(watcher.problems()) == {"a_broken_one", "zebra"}


def test_a_tampered_candidate_leaves_the_champion_answering_everything(watcher, world):
    spoil("2")
    world.deploy("1", "2", share=25)
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]
    assert {watcher.served(NAME).variant_for(f'{{"n": {n}}}').version for n in range(100)} == {"1"}
    assert "Version 2 cannot be loaded: " in watcher.problems()[NAME]
    assert "its sha256 differs" in watcher.problems()[NAME]
    assert failures(watcher, "2") == 1


def test_a_tampered_champion_leaves_the_old_variants_serving(watcher, world):
    revision = world.deploy("1")
    watcher.poll()
    spoil("2")
    world.deploy("2")
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]
    assert watcher.served(NAME).revision == revision
    assert "Version 2 cannot be loaded" in watcher.problems()[NAME]


def test_a_tampered_first_champion_is_a_503_that_says_why(watcher, world):
    spoil("1")
    world.deploy("1")
    watcher.poll()

    with pytest.raises(
        Refused, match=r"flight_delays has no model that answers\. Version 1 cannot be loaded: .*sha256"
    ):
        watcher.served(NAME)


def test_a_broken_package_is_tried_again_with_longer_and_longer_pauses(watcher, world, monkeypatch, caplog):
    now = 1000.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    good = lake().read(f"models/{NAME}/1/model.txt")
    spoil("1")
    world.deploy("1")
    for _ in range(600):  # five minutes of polls
        watcher.poll()
        now += 0.5
    assert 10 < failures(watcher, "1") < 20
    assert caplog.text.count("cannot be loaded") == 1
    lake().write(f"models/{NAME}/1/model.txt", good)
    now += 30
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]
    assert watcher.problems() == {}


def test_a_new_state_is_tried_at_once_whatever_the_pause(watcher, world):
    spoil("2")
    for _ in range(5):
        world.deploy("2")
        watcher.poll()
    world.deploy("1")
    watcher.poll()

    assert shown(watcher) == [("champion", "1", 100)]


def test_while_the_metadata_store_is_away_the_old_variants_serve(server, world, monkeypatch):
    watcher = server.watcher
    world.deploy("1")
    watcher.poll()

    def away(name):
        raise ConnectionError("no route to the database")

    monkeypatch.setattr(watcher, "_state_of", away)
    watcher.poll()
    assert shown(watcher) == [("champion", "1", 100)]
    assert watcher.problems()[NAME] == (
        "The deployment state of flight_delays cannot be followed: no route to the database"
    )
    monkeypatch.setattr(watcher, "_state_of", promotion.deployment)
    for followed in watcher._followed.values():
        followed.retry_at = 0
    watcher.poll()
    assert watcher.problems() == {}


def test_a_use_case_without_a_deployment_has_no_problem(watcher, world):
    watcher.poll()

    assert watcher.everything() == {}
    assert watcher.problems() == {}


def test_a_removed_use_case_is_forgotten(watcher, world, monkeypatch):
    world.deploy("1")
    watcher.poll()
    monkeypatch.setattr(watching, "use_case_names", lambda: [])
    watcher.poll()

    with pytest.raises(Refused, match="There is no use case 'flight_delays'"):
        watcher.served(NAME)


def test_the_thread_outlives_a_broken_project(server, monkeypatch, caplog):
    broken = iter([True])

    def names():
        if next(broken, False):
            raise OSError("the folder is gone")
        server.watcher._stop.set()
        return []

    monkeypatch.setattr(watching, "use_case_names", names)
    server.watcher.start()
    server.watcher._thread.join(5)

    assert not server.watcher._thread.is_alive()
    assert "could not be followed; trying again" in caplog.text
