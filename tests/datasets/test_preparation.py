"""A dataset version is made in a clone, and exists when its tag does: killed, refused and at once."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.datasets import list_versions, load_version, prepare, version_files
from driftgate.datasets.removal import record_removal, removal_of
from driftgate.errors import ConfigError
from driftgate.records import sha256
from driftgate.settings import settings
from driftgate.use_cases import UseCase

LAST = "2013-03-31"


@pytest.fixture
def at_home(story: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The story, with the settings pointing at its state folder."""
    monkeypatch.setenv("DRIFTGATE_HOME", str(story.home))
    return story


@pytest.fixture
def at_copy(story: Any, project_home: Path) -> Any:
    """The story, continued in a state folder of this test's own."""
    shutil.copytree(story.home, project_home, dirs_exist_ok=True)
    return story


def git(*arguments: str) -> str:
    command = ["git", "-C", settings().data_repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_killed_preparation_publishes_nothing_and_locks_nothing(at_home: Any) -> None:
    assert at_home.after_kill == []
    assert not list(Path(settings().data_repository).rglob("*.lock"))


def test_a_remote_that_refuses_is_one_sentence_without_a_tag(at_home: Any) -> None:
    assert at_home.refusal.startswith(f"The DVC remote {settings().dvc_remote} refused the data of flight_delays/2013-")
    assert "File exists" in at_home.refusal or "Not a directory" in at_home.refusal
    assert "nothing was published. Make it writable, or correct 'dvc_remote'" in at_home.refusal
    assert "\n" not in at_home.refusal
    assert at_home.after_refusal == []


def test_two_at_once_make_the_same_version_under_one_tag(at_home: Any) -> None:
    first, second = at_home.at_once

    assert first == second
    assert git("tag").split() == [first.tag]
    assert git("rev-list", "main") == git("rev-parse", first.tag)


def test_scratch_folders_are_removed_except_that_of_the_killed_one(at_home: Any) -> None:
    assert at_home.left_in_scratch == 1


def test_the_tag_holds_the_recipe_and_the_remote_the_rows(at_home: Any) -> None:
    version = at_home.version
    recipe = {"dvc.yaml", "dvc.lock", "features.sql", "params.yaml", "sources.json", "data/version.json"}
    assert recipe < set(git("ls-tree", "-r", "--name-only", version.tag).split())
    assert "data/rows.parquet" not in git("ls-tree", "-r", "--name-only", version.tag)

    (out,) = [
        out
        for out in yaml.safe_load(git("show", f"{version.tag}:dvc.lock"))["stages"]["prepare"]["outs"]
        if out["path"] == "data/rows.parquet"
    ]
    assert out["md5"] == version.dvc_md5
    stored = Path(settings().dvc_remote) / "files" / "md5" / version.dvc_md5[:2] / version.dvc_md5[2:]
    assert sha256(stored.read_bytes()) == version.files["rows.parquet"]


def test_the_commit_is_dated_by_the_partition_key(at_home: Any) -> None:
    assert git("log", "-1", "--format=%aI %cI %an", at_home.version.tag).strip() == (
        "2013-03-31T00:00:00+00:00 2013-03-31T00:00:00+00:00 driftgate"
    )


def test_the_same_inputs_again_are_answered_from_the_tag(at_home: Any, use_case: UseCase) -> None:
    assert prepare(use_case, LAST) == at_home.version == load_version(at_home.version.name)


def test_an_error_of_the_stage_arrives_as_its_own_sentence(at_home: Any, shaped: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError) as refused:
        prepare(shaped(label="arr_delay > 15"), LAST)

    assert "key 'label.expression'" in str(refused.value)
    assert '"arr_delay" not found' in str(refused.value)
    assert len(list_versions("flight_delays")) == 1


def test_a_stage_that_cannot_run_is_a_sentence_that_names_dvc_yaml(
    at_home: Any, use_case: UseCase, in_a_project: Callable[..., None]
) -> None:
    in_a_project(use_case.features_sql + "-- changed", command="exit 3")

    with pytest.raises(
        ConfigError, match=r"The stage of .*/project/dvc.yaml failed \(ERROR: .*prepare.*\); correct it"
    ):
        prepare(use_case, LAST)


def test_a_stage_with_a_command_of_its_own_is_run_by_dvc(
    at_copy: Any, use_case: UseCase, in_a_project: Callable[..., None]
) -> None:
    command = "echo hello > greeting && python -m driftgate.datasets.stage"
    in_a_project(use_case.features_sql + "-- changed", command=command)
    version = prepare(use_case, LAST)

    assert version.rows == at_copy.version.rows
    assert git("show", f"{version.tag}:greeting") == "hello\n"
    assert git("rev-parse", f"{version.tag}^").strip() in git("rev-parse", *git("tag").split())
    assert (version_files(version.name) / "rows.parquet").exists()


def test_data_that_were_removed_come_back_when_the_version_is_prepared_again(at_copy: Any, use_case: UseCase) -> None:
    version = at_copy.version
    stored = Path(settings().dvc_remote) / "files" / "md5" / version.dvc_md5[:2] / version.dvc_md5[2:]
    stored.unlink()
    record_removal(version.name, version.objects, actor="ana", reason="disk is full")
    tags = git("tag")

    assert prepare(use_case, LAST) == version
    assert git("tag") == tags
    assert removal_of(version.name) is None
    assert sha256(stored.read_bytes()) == version.files["rows.parquet"]


# A process that cannot write files of more than 20 kB, as on a disk that is full.
FULL_DISK = """
import resource
from driftgate.datasets import dvc, preparation
real = preparation.upload
def upload(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    real(*arguments)
preparation.upload = upload
from driftgate.errors import ConfigError
from driftgate.use_cases import load_use_case
whole = load_use_case("flight_delays")
train = whole.train.model_copy(update={"window_days": 11, "validation_days": 4})
try:
    preparation.prepare(whole.model_copy(update={"train": train}), "2013-03-31")
except ConfigError as error:
    print(error)
"""


def test_a_full_disk_is_a_sentence_that_leaves_nothing_and_heals(at_copy: Any, shaped: Callable[..., UseCase]) -> None:
    before = [version.name for version in list_versions("flight_delays")]
    said = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True, check=True).stdout

    assert said.startswith(f"The DVC remote {settings().dvc_remote} refused the data of flight_delays/2013-03-31-")
    assert "File too large" in said
    assert said.count("\n") == 1
    assert [version.name for version in list_versions("flight_delays")] == before
    assert not list(Path(settings().dvc_remote).rglob("*.tmp"))
    version = prepare(shaped(window_days=11), LAST)
    assert sha256((version_files(version.name) / "rows.parquet").read_bytes()) == version.files["rows.parquet"]
