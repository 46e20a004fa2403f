"""The data repository appears on first use, whole, and is one line of commits, each under its tag."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from driftgate.datasets import repository
from driftgate.datasets.repository import Clone
from driftgate.errors import ConfigError, Conflict, Tampered
from driftgate.settings import settings

NAME, KEY = "flight_delays/2013-03-31-1234567", "2013-03-31"


def named(number: int) -> str:
    return f"flight_delays/2013-03-31-{number:07x}"


def clone_with_file(folder: Path, content: str = "x", name: str = NAME) -> Clone:
    folder.parent.mkdir(exist_ok=True)
    clone = Clone(folder)
    (folder / "file.txt").write_text(content)
    (folder / "data").mkdir()
    (folder / "data" / "version.json").write_text(json.dumps({"tag": name}))
    return clone


def git(*arguments: str) -> str:
    command = ["git", "-C", settings().data_repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def line_of_tags() -> list[str]:
    """Return the tag of every commit of the branch, oldest first, after a look that there is one line and no more."""
    assert git("rev-list", "--merges", "--all") == ""
    assert git("rev-list", "--count", "--all") == git("rev-list", "--count", "main")
    tags = dict(line.split()[::-1] for line in git("show-ref", "--tags").splitlines())
    by_commit = {commit: ref.removeprefix("refs/tags/") for ref, commit in tags.items()}
    return [by_commit[commit] for commit in git("rev-list", "--reverse", "main").split()]


def test_many_that_need_it_at_once_create_one_repository_and_no_commit_twice(tmp_path: Path) -> None:
    folders = [tmp_path / f"s{number}" / "clone" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        clones = list(pool.map(clone_with_file, folders))
        list(pool.map(lambda clone: clone.publish(NAME, KEY), clones))

    assert line_of_tags() == [NAME]
    left = {path.name for path in Path(settings().data_repository).parent.iterdir()}
    assert left == {"data.git"}


def test_writers_that_overtake_each_other_make_one_line_and_lose_nothing(tmp_path: Path) -> None:
    def write(writer: int) -> None:
        for number in range(writer, 40, 8):
            clone_with_file(tmp_path / f"s{number}" / "clone", str(number), named(number)).publish(named(number), KEY)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    assert sorted(line_of_tags()) == [named(number) for number in range(40)]
    assert [git("show", f"{named(number)}:file.txt") for number in range(40)] == [str(number) for number in range(40)]
    assert not list(Path(settings().data_repository).rglob("*.lock"))


def test_tags_are_read_without_a_checkout_and_whole(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    clone_with_file(tmp_path / "b", "two\nlines\n", named(2)).publish(named(2), KEY)
    reader = Clone(tmp_path / "c")

    assert reader.tags() == [named(2), NAME]
    assert reader.tags("flight_delays/2013-03-31-1") == [NAME]
    assert reader.read(reader.tags(), "file.txt") == {named(2): b"two\nlines\n", NAME: b"x"}
    assert reader.read([], "file.txt") == {}
    with pytest.raises(Tampered, match=f"The tag {NAME} of .* has no other.txt; restore the data repository"):
        reader.read([NAME], "other.txt")
    assert not (tmp_path / "c" / "file.txt").exists()
    reader.check_out(NAME)
    assert (tmp_path / "c" / "file.txt").read_text() == "x"


def test_the_commit_depends_on_content_key_and_parent_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    first = git("rev-parse", NAME)
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

    assert git("rev-parse", NAME) == first


def test_a_tag_that_somebody_else_pushed_first_stays(tmp_path: Path) -> None:
    late = clone_with_file(tmp_path / "a", "late")
    clone_with_file(tmp_path / "b").publish(NAME, KEY)
    first = git("rev-parse", NAME)
    late.publish(NAME, KEY)

    assert git("rev-parse", NAME) == first
    assert line_of_tags() == [NAME]


def test_a_push_that_died_between_branch_and_tag_is_completed_by_the_next(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    git("update-ref", "-d", f"refs/tags/{NAME}")
    locks = [Path(settings().data_repository) / name for name in ("HEAD.lock", f"refs/tags/{NAME}.lock")]
    locks.append(Path(settings().data_repository) / "refs" / "heads" / "main.lock")
    for lock in locks:
        lock.parent.mkdir(exist_ok=True)
        lock.touch()
        os.utime(lock, (0, 0))
    clone_with_file(tmp_path / "b", "b", named(2)).publish(named(2), KEY)

    assert line_of_tags() == [NAME, named(2)]
    assert not any(lock.exists() for lock in locks)


def test_the_same_version_again_completes_it_too(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    git("update-ref", "-d", f"refs/tags/{NAME}")
    clone_with_file(tmp_path / "b").publish(NAME, KEY)

    assert line_of_tags() == [NAME]


def test_a_commit_that_a_person_made_gets_no_tag_and_is_built_upon(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    tree = git("rev-parse", "main^{tree}")
    person = ["-c", "user.name=p", "-c", "user.email=p@localhost"]
    note = git(*person, "commit-tree", tree, "-p", "main", "-m", "A note")
    git("update-ref", "refs/heads/main", note)
    clone_with_file(tmp_path / "b", "b", named(2)).publish(named(2), KEY)

    assert git("rev-parse", f"{named(2)}^") == note
    assert sorted(git("tag").split()) == [named(2), NAME]


def test_history_cannot_be_rewritten_by_a_push(tmp_path: Path) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    clone_with_file(tmp_path / "b", "b", named(2)).publish(named(2), KEY)
    git("clone", "--quiet", settings().data_repository, str(tmp_path / "mine"))
    for push in (("--force", "origin", "HEAD^:main"), ("origin", ":main")):
        refused = subprocess.run(["git", "push", *push], cwd=tmp_path / "mine", capture_output=True, text=True)
        assert "remote rejected" in refused.stderr

    assert line_of_tags() == [NAME, named(2)]


@pytest.mark.parametrize("name", [f"refs/tags/{NAME}", "refs/heads/main"])
def test_a_lock_left_by_a_killed_push_is_waited_for_until_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    clone = clone_with_file(tmp_path / "a")
    lock = Path(settings().data_repository) / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    monkeypatch.setattr(repository, "PATIENCE_SECONDS", 0)
    with pytest.raises(Conflict, match=r"Others were faster with .*data.git for 0 seconds \(.*\.lock"):
        clone.publish(NAME, KEY)
    monkeypatch.setattr(repository, "PATIENCE_SECONDS", 10)
    os.utime(lock, (time.time() - repository.STALE_LOCK_SECONDS + 1,) * 2)
    clone.publish(NAME, KEY)

    assert line_of_tags() == [NAME]
    assert not lock.exists()


def test_something_else_at_its_place_is_a_sentence(tmp_path: Path) -> None:
    Path(settings().data_repository).mkdir()
    (Path(settings().data_repository) / "notes.txt").write_text("mine")

    with pytest.raises(ConfigError, match=r"data.git cannot be cloned \(.*\); correct 'data_repository' in the set"):
        Clone(tmp_path / "a")


def test_a_repository_that_takes_no_push_is_a_sentence_at_once(tmp_path: Path) -> None:
    clone = clone_with_file(tmp_path / "a")
    hook = Path(settings().data_repository) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!{sys.executable}\nraise SystemExit('this repository is frozen')\n")
    hook.chmod(0o755)
    started = time.monotonic()

    with pytest.raises(ConfigError, match=r"refused the tag .*frozen.*nothing was published. Make it writable"):
        clone.publish(NAME, KEY)
    assert time.monotonic() - started < 30, "it tried again, which cannot help"
    hook.unlink()
    clone.publish(NAME, KEY)
    assert line_of_tags() == [NAME]


def test_a_host_that_does_not_answer_is_tried_again_by_whoever_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = settings().model_copy(update={"data_repository": "http://127.0.0.1:9/data.git"})
    monkeypatch.setattr(repository, "settings", lambda: settled)

    with pytest.raises(ConnectionError, match=r"http://127.0.0.1:9/data.git does not answer"):
        Clone(tmp_path / "a")


def test_a_repository_on_another_host_is_fetched_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone_with_file(tmp_path / "a").publish(NAME, KEY)
    settled = settings().model_copy(update={"data_repository": f"file://{settings().data_repository}"})
    monkeypatch.setattr(repository, "settings", lambda: settled)
    clone_with_file(tmp_path / "b", "b", named(2)).publish(named(2), KEY)
    reader = Clone(tmp_path / "c")

    assert reader.read(reader.tags(), "file.txt") == {named(2): b"b", NAME: b"x"}
    assert line_of_tags() == [NAME, named(2)]
