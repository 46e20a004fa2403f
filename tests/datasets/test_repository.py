"""The data repository appears on first use, whole, and holds nothing but tags."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from driftgate.datasets.repository import Clone
from driftgate.errors import ConfigError
from driftgate.settings import settings

NAME, KEY = "flight_delays/2013-03-31-1234567", "2013-03-31"


def clone_with_file(folder: Path, content: str = "x") -> Clone:
    folder.parent.mkdir(exist_ok=True)
    clone = Clone(folder)
    (folder / "file.txt").write_text(content)
    return clone


def tip() -> str:
    command = ["git", "-C", settings().data_repository, "rev-parse", f"refs/tags/{NAME}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_many_that_need_it_at_once_create_one_repository(tmp_path: Path) -> None:
    folders = [tmp_path / f"s{number}" / "clone" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        clones = list(pool.map(clone_with_file, folders))
        list(pool.map(lambda clone: clone.publish(NAME, KEY), clones))

    assert Clone(tmp_path / "reader").tags("") == [NAME]
    left = {path.name for path in Path(settings().data_repository).parent.iterdir()}
    assert left == {"data.git"}


def test_a_tag_is_read_without_a_checkout_and_no_branch_exists(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    reader = Clone(tmp_path / "b")

    assert reader.show(NAME, "file.txt") == b"x"
    assert not (tmp_path / "b" / "file.txt").exists()
    reader.check_out(NAME)
    assert (tmp_path / "b" / "file.txt").read_text() == "x"
    branches = subprocess.run(["git", "-C", settings().data_repository, "branch"], capture_output=True, text=True)
    assert branches.stdout == ""


def test_the_commit_depends_on_content_and_key_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    first = tip()
    # Another state folder, another person with a hostile configuration, started from the hook of another repository.
    (tmp_path / ".gitconfig").write_text(
        "[user]\n name = Someone\n[commit]\n gpgsign = true\n[core]\n autocrlf = true\n excludesFile = ~/all\n"
    )
    (tmp_path / "all").write_text("*\n")
    for name, value in {
        "HOME": str(tmp_path),
        "DRIFTGATE_HOME": str(tmp_path / "second"),
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
    }.items():
        monkeypatch.setenv(name, value)
    clone_with_file(tmp_path / "b").publish(NAME, KEY)
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)

    assert tip() == first


def test_a_tag_that_somebody_else_pushed_first_stays(tmp_path: Path) -> None:
    late = clone_with_file(tmp_path / "a", "late")
    clone_with_file(tmp_path / "b").publish(NAME, KEY)
    first = tip()
    late.publish(NAME, KEY)

    assert tip() == first


def test_a_lock_left_by_a_killed_push_is_removed_when_it_is_old(tmp_path: Path) -> None:
    clone = clone_with_file(tmp_path / "a")
    lock = Path(settings().data_repository) / "refs" / "tags" / f"{NAME}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(ConfigError, match=r"refused the tag .*\.lock.*nothing was published"):
        clone.publish(NAME, KEY)
    os.utime(lock, (0, 0))
    clone.publish(NAME, KEY)

    assert tip()
    assert not lock.exists()


def test_something_else_at_its_place_is_a_sentence(tmp_path: Path) -> None:
    Path(settings().data_repository).mkdir()
    (Path(settings().data_repository) / "notes.txt").write_text("mine")

    with pytest.raises(ConfigError, match=r"data.git cannot be cloned \(.*\); correct 'data_repository' in the set"):
        Clone(tmp_path / "a")


def test_a_repository_that_takes_no_push_is_a_sentence(tmp_path: Path) -> None:
    clone = clone_with_file(tmp_path / "a")
    hook = Path(settings().data_repository) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!{sys.executable}\nraise SystemExit('this repository is frozen')\n")
    hook.chmod(0o755)

    with pytest.raises(ConfigError, match=r"refused the tag .*frozen.*nothing was published. Make it writable"):
        clone.publish(NAME, KEY)
