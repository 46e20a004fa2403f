"""A dataset version is made by DVC in a clone, and exists when its tag does: killed, refused and at once."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.datasets import list_versions, load_version, prepare
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
    assert git("branch") == ""


def test_scratch_folders_are_removed_except_that_of_the_killed_one(at_home: Any) -> None:
    assert len(list(at_home.scratch.glob("driftgate-prepare-*"))) == 1


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
    started = time.monotonic()

    assert prepare(use_case, LAST) == at_home.version == load_version(at_home.version.name)
    assert time.monotonic() - started < 1


def test_an_error_of_the_stage_arrives_as_its_own_sentence(at_home: Any, shaped: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError) as refused:
        prepare(shaped(label="arr_delay > 15"), LAST)

    assert "key 'label.expression'" in str(refused.value)
    assert '"arr_delay" not found' in str(refused.value)
    assert len(list_versions("flight_delays")) == 1


def test_a_stage_that_cannot_run_is_a_sentence_that_names_dvc_yaml(
    at_home: Any, shaped: Callable[..., UseCase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = shaped()
    project = tmp_path / "project"
    folder = project / "include" / "use_cases" / "flight_delays"
    folder.mkdir(parents=True)
    (folder / "features.sql").write_text(original.features_sql + "-- changed\n")
    (project / "params.yaml").write_text("prepare: {lookback_days: 1, min_training_days: 7}\n")
    (project / "dvc.yaml").write_text("stages: {prepare: {cmd: exit 3}}\n")
    (project / "include" / "settings").symlink_to(Path(__file__).resolve().parents[2] / "include" / "settings")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(project))

    with pytest.raises(
        ConfigError, match=r"The stage of .*/project/dvc.yaml failed \(ERROR: .*prepare.*\); correct it"
    ):
        prepare(original, LAST)
