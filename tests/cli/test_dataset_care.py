"""``driftgate dataset diff | reproduce | hold | release-hold | gc`` on real versions, with models made of them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate import uris
from driftgate.datasets import DatasetVersion, prepare
from driftgate.errors import ConfigError
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.partition_keys import keys_between
from driftgate.settings import settings
from driftgate.sources import sample
from driftgate.use_cases import load_use_case


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[DatasetVersion]]:
    """A state folder with a version of each of three days, and the versions."""
    home, use_case = tmp_path_factory.mktemp("cared"), load_use_case("flight_delays")
    train = use_case.train.model_copy(update={"window_days": 9, "validation_days": 2})
    use_case = use_case.model_copy(update={"train": train})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        for dataset in use_case.datasets:
            for day in keys_between("2013-03-20", "2013-03-31"):
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
        return home, [prepare(use_case, day) for day in keys_between("2013-03-29", "2013-03-31")]


@pytest.fixture
def versions(prepared: tuple[Path, list[DatasetVersion]], project_home: Path) -> list[DatasetVersion]:
    """The three versions, in a state folder of this test's own, their data written long ago."""
    shutil.copytree(prepared[0], project_home, dirs_exist_ok=True)
    for version in prepared[1]:
        os.utime(stored(version), (0, 0))
    return prepared[1]


def stored(version: DatasetVersion) -> Path:
    return Path(settings().dvc_remote) / "files" / "md5" / version.dvc_md5[:2] / version.dvc_md5[2:]


def serve(champion: str, **others: str) -> None:
    state = {
        "use_case": "flight_delays",
        "step": "serving",
        "champion": champion,
        "actor": "a",
        "reason": "b",
        **others,
    }
    state["variants"] = [{"version": champion, "role": "champion", "weight": 100}]  # type: ignore[assignment]  JSON
    metadata().append("deployment", "flight_delays", state)


def test_diff_names_what_differs_for_people_and_for_programs(
    run: Callable[..., Any], versions: list[DatasetVersion]
) -> None:
    first, _, last = versions
    answer = run("dataset", "diff", first.name, last.name)
    assert answer.exit_code == 0, answer.output
    for text in (
        first.name,
        last.name,
        "2013-03-21 to 2013-03-29",
        f"{last.rows:,}",
        "~ version.key 2013-03-29 -> 2013-03-31",
    ):
        assert text in answer.stdout
    assert (
        f"~ validated/flights/2013-03-31 not read -> {last.sources['validated/flights/2013-03-31'][:12]}"
        in answer.stdout
    )
    assert "features.sql" not in answer.stdout

    found = json.loads(run("dataset", "diff", first.name, last.name, "--json").stdout)
    assert found["rows"] == {"first": first.rows, "second": last.rows}
    assert found["features_sql"] == ""


def test_reproduce_says_yes_or_what_differs(
    run: Callable[..., Any], versions: list[DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = versions[0].name
    answer = run("dataset", "reproduce", name)
    assert answer.exit_code == 0, answer.output
    assert (
        f"{name} came out again, byte for byte; sha256 of its rows: {versions[0].files['rows.parquet']}"
        in answer.stdout
    )

    from driftgate.datasets import stage

    monkeypatch.setattr(stage, "digest_of", lambda _: "another")
    answer = run("dataset", "reproduce", name)
    assert answer.exit_code == 1
    assert answer.stderr.splitlines()[0] == f"{name} does not come out again; this is different:"
    assert "now {'rows.parquet': 'another'}" in answer.stderr


def test_gc_shows_first_and_removes_what_no_model_needs(
    run: Callable[..., Any], versions: list[DatasetVersion], put_package: Callable[..., Any], tmp_path: Path
) -> None:
    first, second, _ = versions
    put_package("1", dataset_version=first.name)
    serve("1")
    answer = run("dataset", "gc", "--keep-newest", "1")
    assert answer.exit_code == 0, answer.output
    assert f"{second.name} would go" in answer.stdout
    assert f"{first.name} stays: champion 1, newest model 1" in answer.stdout
    assert "1 versions, " in answer.stdout and "to remove; run it with --delete" in answer.stdout
    assert all(stored(version).exists() for version in versions)

    answer = run("dataset", "gc", "--keep-newest", "1", "--delete", "--reason", "room")
    assert f"{second.name} removed" in answer.stdout
    assert [stored(version).exists() for version in versions] == [True, False, True]
    assert second.name in run("dataset", "list").stdout
    gone = run("dataset", "get", second.name, tmp_path / "rows")
    assert gone.exit_code == 1
    assert "were removed by " in gone.stderr and "(room); prepare it again" in gone.stderr
    assert "0 versions" in run("dataset", "gc", "--keep-newest", "1").stdout


@pytest.mark.parametrize(
    ("models", "state"),
    [(("1", "2"), {"previous": "1"}), (("1", "2"), {"candidate": "1"}), (("1",), {})],
    ids=["rollback target", "candidate", "newest model"],
)
def test_what_a_model_needs_stays(
    run: Callable[..., Any],
    versions: list[DatasetVersion],
    put_package: Callable[..., Any],
    models: tuple[str, ...],
    state: dict[str, str],
) -> None:
    for number, version in zip(models, (versions[0], versions[2]), strict=False):
        put_package(number, dataset_version=version.name)
    if state:
        serve("2", **state)
    run("dataset", "gc", "--keep-newest", "1", "--delete")

    assert [stored(version).exists() for version in versions] == [True, False, True]


def test_a_held_version_stays_until_it_is_released(run: Callable[..., Any], versions: list[DatasetVersion]) -> None:
    name = versions[0].name
    assert run("dataset", "hold", name, "--reason", "audit").exit_code == 0
    told = run("dataset", "gc", "--keep-newest", "1").stdout
    assert f"{name} stays: held by " in told
    assert f"{versions[2].name} stays: of the newest days" in told
    run("dataset", "gc", "--keep-newest", "1", "--delete")
    assert [stored(version).exists() for version in versions] == [True, False, True]
    assert run("dataset", "release-hold", name, "--reason", "audit is over").exit_code == 0
    run("dataset", "gc", "--keep-newest", "1", "--delete")
    assert not stored(versions[0]).exists()


def test_when_nobody_can_say_what_is_needed_nothing_is_removed(
    run: Callable[..., Any], versions: list[DatasetVersion]
) -> None:
    serve("7")
    answer = run("dataset", "gc", "--keep-newest", "1", "--delete")

    assert answer.exit_code == 1
    assert "flight_delays has no model version '7'" in answer.stderr
    assert all(stored(version).exists() for version in versions)


def test_unknown_names_and_empty_reasons_are_sentences(run: Callable[..., Any], versions: list[DatasetVersion]) -> None:
    name = versions[0].name
    for command in (("diff", name, "x"), ("diff", "x", name), ("reproduce", "x"), ("hold", "x", "--reason", "r")):
        answer = run("dataset", *command)
        assert answer.exit_code == 1
        assert answer.stderr.startswith("There is no dataset version 'x'. Known: flight_delays/2013-03-29-")
    assert "There is no hold on 'x'" in run("dataset", "release-hold", "x", "--reason", "r").stderr
    assert "needs a reason" in run("dataset", "hold", name, "--reason", " ").stderr
    assert ConfigError.__name__ not in answer.output
