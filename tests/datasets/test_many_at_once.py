"""Many that make versions at the same time, and some that are killed while they do: one line, none lost, none half."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from driftgate.datasets import DatasetVersion, list_versions, prepare, version_files
from driftgate.settings import settings
from driftgate.use_cases import UseCase

LAST = "2013-03-31"

# Each number is a version of its own: another label.
MAKE = """
import os, shutil, signal, sys
from driftgate.datasets import preparation, repository, dvc
from driftgate.use_cases import load_use_case

def prepare(number):
    whole = load_use_case("flight_delays")
    update = {
        "train": whole.train.model_copy(update={"window_days": 10, "validation_days": 3}),
        "label": whole.label.model_copy(update={"expression": f"arr_delay_minutes > {number}"}),
    }
    preparation.prepare(whole.model_copy(update=update), "2013-03-31")

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def lake_of_days(tmp_path_factory: pytest.TempPathFactory, publish_days: Callable[..., None]) -> Iterator[Path]:
    """A state folder whose lake has the days; the versions of all tests here gather in it."""
    home = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        publish_days()
    return home


@pytest.fixture(autouse=True)
def at_home(lake_of_days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_HOME", str(lake_of_days))


@pytest.fixture
def of_label(shaped: Callable[..., UseCase]) -> Callable[[int], UseCase]:
    return lambda number: shaped(label=f"arr_delay_minutes > {number}", window_days=10, validation_days=3)


def git(*arguments: str) -> list[str]:
    command = ["git", "-C", settings().data_repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def assert_one_line_with_all_data(versions: list[DatasetVersion]) -> None:
    """Every version is one commit of one line, and the remote has its rows."""
    tags = git("tag", "--sort=refname")
    assert tags == sorted(version.tag for version in versions)
    commits = git("rev-list", "main")
    assert sorted(commits) == sorted(git("rev-parse", *tags))
    assert len(commits) == len(set(commits)) == len(git("rev-list", "--first-parent", "main"))
    for version in versions:
        version_files(version.name)
    repository = Path(settings().data_repository)
    assert not [*repository.rglob("*.lock"), *Path(settings().dvc_remote).rglob("*.tmp")]


def in_a_process(code: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", MAKE + code], start_new_session=True, stderr=subprocess.PIPE)


def test_eight_at_once_make_eight_versions_and_none_twice(of_label: Callable[[int], UseCase]) -> None:
    numbers = [*range(100, 108), *range(100, 104)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: prepare(of_label(number), LAST), numbers))

    assert made[:4] == made[8:]
    versions = list_versions("flight_delays")
    assert {version.name for version in made} <= {version.name for version in versions}
    assert_one_line_with_all_data(versions)


KILLED = {
    "before the data": "preparation.upload = die",
    "in the middle of the data": (
        "import dvc_objects.fs.local\\n"
        "dvc_objects.fs.local.shutil.copyfileobj = lambda source, target: (target.write(source.read(1000)), "
        "target.flush(), die())"
    ),
    "after the data": "preparation.Clone.publish = die",
    "before the push": (
        "real = repository.git\\n"
        "repository.git = lambda folder, *words, **more: die() if words[0] == 'push' else real(folder, *words, **more)"
    ),
    "after the push": "preparation.data_are_back = die",
}


@pytest.mark.parametrize("step", KILLED)
def test_a_kill_at_any_step_leaves_no_tag_without_data_and_the_next_run_heals(
    step: str, of_label: Callable[[int], UseCase]
) -> None:
    number, before = 200 + list(KILLED).index(step), {version.name for version in list_versions("flight_delays")}
    process = in_a_process(KILLED[step].replace("\\n", "\n") + f"\nprepare({number})\n")
    _, said = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said.decode()

    after = {version.name for version in list_versions("flight_delays")}
    assert len(after - before) == (1 if step == "after the push" else 0)
    version = prepare(of_label(number), LAST)
    assert {version.name} | before == {version.name for version in list_versions("flight_delays")}
    for left in Path(settings().dvc_remote).rglob("*.tmp"):
        left.unlink()  # what a killed upload leaves is no object; `dataset gc` removes it
    assert_one_line_with_all_data(list_versions("flight_delays"))


# soak: two minutes on two cores
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_sixteen_processes_make_two_hundred_versions_while_some_are_killed(capsys: Any) -> None:
    started = time.monotonic()
    before = len(list_versions("flight_delays"))
    shares = [range(1000 + writer, 1200, 16) for writer in range(16)]
    writers = [in_a_process(f"for number in {list(share)}: prepare(number)") for share in shares]
    for killed in range(4):  # and beside them some that die at a moment of their own
        victim = in_a_process(f"prepare({2000 + killed})")
        time.sleep(2 + killed)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        assert victim.stderr
        victim.stderr.close()
    for writer in writers:
        _, said = writer.communicate()
        assert writer.returncode == 0, said.decode()
    made = time.monotonic() - started
    versions = list_versions("flight_delays")
    listed = time.monotonic() - started - made
    with capsys.disabled():
        sys.stdout.write(f"\n200 versions by 16: {made:.0f} s; listing {len(versions)}: {listed:.2f} s\n")

    assert 200 <= len(versions) - before <= 204
    for left in Path(settings().dvc_remote).rglob("*.tmp"):
        left.unlink()
    assert_one_line_with_all_data(versions)
    assert listed < 2
