"""What nobody needs goes, on any graph of versions and models; what somebody needs stays whole."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.datasets import dvc
from driftgate.datasets.collection import collect, garbage, plan_collection, unshared
from driftgate.datasets.dvc import upload
from driftgate.datasets.holds import hold, release_hold
from driftgate.datasets.removal import removal_of
from driftgate.datasets.repository import Clone
from driftgate.datasets.version import FilesVersion, StoredFile, named_files
from driftgate.errors import ConfigError
from driftgate.settings import settings as configured


@dataclass(frozen=True)
class Made:
    """As much of a dataset version as the decision looks at."""

    name: str
    subject: str
    key: str
    objects: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """A model version, the dataset version that it was trained on, and what it is."""

    dataset_version: str
    role: str  # champion, candidate, rollback target, held; "" is none


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Made], list[Model], int]:
    """Versions that may share objects, models on them, and how many days to keep."""
    shapes = draw(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.sets(st.sampled_from("uvwxyz"), min_size=1)),
            max_size=12,
        )
    )
    versions = [
        Made(f"{subject}/2013-03-0{day}-{number}", subject, f"2013-03-0{day}", tuple(sorted(objects)))
        for number, (subject, day, objects) in enumerate(shapes)
    ]
    roles = st.sampled_from(["champion", "candidate", "rollback target", "held", "", ""])
    pairs = st.lists(st.tuples(st.sampled_from(versions), roles), max_size=8) if versions else st.just([])
    models = [Model(version.name, role) for version, role in draw(pairs)]
    return versions, models, draw(st.integers(1, 3))


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_what_a_live_rollback_or_held_model_needs_is_never_removed(world: tuple[list[Made], list[Model], int]) -> None:
    versions, models, keep_newest = world
    protected = {model.dataset_version for model in models if model.role}
    going = garbage(versions, protected, keep_newest)
    names = {version.name for version in going}
    removed = {md5 for each in unshared(going, versions).values() for md5 in each}
    left = [version for version in versions if version.name not in names]

    for model in models:
        if model.role:
            assert model.dataset_version not in names
    assert all(not removed & set(version.objects) for version in left)  # also what they share with one that goes
    assert {md5 for version in going for md5 in version.objects} - removed == (
        {md5 for version in going for md5 in version.objects} & {md5 for version in left for md5 in version.objects}
    )
    for subject in {version.subject for version in versions}:
        days = sorted({version.key for version in versions if version.subject == subject})
        newest = {
            version.name for version in versions if version.subject == subject and version.key in days[-keep_newest:]
        }
        assert not newest & names
    needless = {version.name for version in versions} - protected - {version.name for version in left}
    assert names == needless


def publish(tmp_path: Path, day: int, *contents: bytes) -> FilesVersion:
    """Publish a version of the set of files ``pictures``, whose objects were written two hours ago."""
    packs = {}
    for number, content in enumerate(contents):
        file = tmp_path / "content"
        file.write_bytes(content)
        packs[f"{number}"] = StoredFile(sha256="s", md5=content.hex().ljust(32, "0"), bytes=len(content))
        upload(packs[f"{number}"].md5, file)
        make_older(packs[f"{number}"].md5)
    index, *rest = packs.values()
    key = f"2013-03-{day:02}"
    record = {"schema_version": 1, "dataset": "pictures", "key": key, "files": 1, "bytes": 1}
    record |= {"index": index.model_dump(), "packs": {f"{n}.tar": pack.model_dump() for n, pack in enumerate(rest)}}
    version = named_files(record)
    clone = Clone(tmp_path / f"clone-{day}")
    (clone.folder / "data").mkdir()
    (clone.folder / "data" / "version.json").write_bytes(version.canonical())
    clone.publish(version.tag, key)
    return version


def stored(md5: str) -> Path:
    return Path(configured().dvc_remote) / "files" / "md5" / md5[:2] / md5[2:]


def make_older(md5: str, hours: float = 2) -> None:
    moment = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
    os.utime(stored(md5), (moment, moment))


def there(version: FilesVersion) -> list[bool]:
    return [stored(md5).exists() for md5 in version.objects]


@pytest.fixture
def four(tmp_path: Path) -> list[FilesVersion]:
    """Four versions of four days; the first shares an object with the last."""
    shared = b"shared"
    return [
        publish(tmp_path, 1, b"one", shared),
        *(publish(tmp_path, n, bytes([n])) for n in (2, 3)),
        publish(tmp_path, 4, b"4", shared),
    ]


def test_a_plan_is_carried_out_and_leaves_what_is_shared(four: list[FilesVersion]) -> None:
    first, second, third, last = four
    plan = plan_collection({second.name}, keep_newest=1)
    assert plan.objects == {first.name: (first.objects[0],), third.name: third.objects}
    assert plan.bytes == len(b"one") + 1
    assert plan.young == ()
    assert all(there(version) for version in four)
    collect(plan, actor="ana", reason="room")

    assert there(first) == [False, True]
    assert (there(second), there(third), there(last)) == ([True], [False], [True, True])
    gone = removal_of(first.name)
    assert gone and (gone.actor, gone.reason, gone.objects) == ("ana", "room", first.objects[:1])
    assert plan_collection({second.name}, keep_newest=1).objects == {}


def test_a_held_version_stays_until_it_is_released(four: list[FilesVersion]) -> None:
    hold(four[1].name, actor="ana", reason="audit")
    assert four[1].name not in plan_collection((), 1).objects
    release_hold(four[1].name, actor="ana", reason="audit is over")
    assert four[1].name in plan_collection((), 1).objects


def test_data_of_the_last_hour_stay_with_their_version(four: list[FilesVersion]) -> None:
    first, second, third, _ = four
    make_older(third.objects[0], hours=0.5)
    plan = plan_collection((), 1)

    assert set(plan.objects) == {first.name, second.name}
    assert plan.young == (third.name,)


def test_a_collection_that_ended_half_way_is_done_again(
    four: list[FilesVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftgate.datasets import collection

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(collection, "record_removal", lambda *_, **__: die())
        with pytest.raises(KeyboardInterrupt):
            collect(plan_collection((), 1), actor="ana", reason="room")
    assert there(four[0]) == [False, True]
    plan = plan_collection((), 1)
    assert set(plan.objects) == {version.name for version in four[:3]}
    collect(plan, actor="ana", reason="room")
    assert all(removal_of(version.name) for version in four[:3])


def test_rests_of_killed_uploads_go_when_they_are_old(four: list[FilesVersion]) -> None:
    old, new = (stored(four[0].objects[0]).with_name(f".{name}.tmp") for name in ("old", "new"))
    for rest in (old, new):
        rest.write_bytes(b"half")
    os.utime(old, (0, 0))
    collect(plan_collection((), 9), actor="ana", reason="room")

    assert (old.exists(), new.exists()) == (False, True)


def test_a_remote_that_is_no_folder_is_a_sentence(four: list[FilesVersion], monkeypatch: pytest.MonkeyPatch) -> None:
    settled = configured().model_copy(update={"dvc_remote": "unheard://of"})
    monkeypatch.setattr(dvc, "settings", lambda: settled)

    with pytest.raises(ConfigError, match=r"does not let us look or remove \(.*\); make it writable, or correct"):
        plan_collection((), 1)
