"""``driftgate dataset`` lists, shows and restores what models were trained on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate import datasets, registry, uris
from driftgate.datasets import DatasetVersion, prepare
from driftgate.governance import dataset_check
from driftgate.lake import lake, publish
from driftgate.partition_keys import keys_between
from driftgate.records import sha256
from driftgate.sources import sample
from driftgate.use_cases import load_use_case


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DatasetVersion]:
    """A state folder with one dataset version of ten days, and the version."""
    home, use_case = tmp_path_factory.mktemp("prepared"), load_use_case("flight_delays")
    train = use_case.train.model_copy(update={"window_days": 10, "validation_days": 3})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        for dataset in use_case.datasets:
            for day in keys_between("2013-03-22", "2013-03-31"):
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
        return home, prepare(use_case.model_copy(update={"train": train}), "2013-03-31")


@pytest.fixture
def version(prepared: tuple[Path, DatasetVersion], monkeypatch: pytest.MonkeyPatch) -> DatasetVersion:
    monkeypatch.setenv("DRIFTGATE_HOME", str(prepared[0]))
    return prepared[1]


def test_list_prints_the_whole_name(run: Callable[..., Any], version: DatasetVersion) -> None:
    for arguments in ((), ("flight_delays",)):
        answer = run("dataset", "list", *arguments)
        assert answer.exit_code == 0, answer.output
        assert version.name in answer.stdout
        assert f"{version.rows:,}" in answer.stdout


def test_list_of_a_fresh_project_says_what_makes_the_first_one(run: Callable[..., Any]) -> None:
    assert "the retrain DAG makes the first one" in run("dataset", "list").stdout


def test_list_of_an_unknown_use_case_is_a_sentence(run: Callable[..., Any]) -> None:
    answer = run("dataset", "list", "flight_delay")

    assert answer.exit_code == 1
    assert "did you mean 'flight_delays'" in answer.stderr


def test_show_prints_the_record_as_json(run: Callable[..., Any], version: DatasetVersion) -> None:
    answer = run("dataset", "show", version.name)

    assert DatasetVersion.model_validate(json.loads(answer.stdout)) == version


def test_get_restores_the_rows_and_refuses_a_folder_in_use(
    run: Callable[..., Any], version: DatasetVersion, tmp_path: Path
) -> None:
    answer = run("dataset", "get", version.name, tmp_path / "rows")

    assert answer.exit_code == 0, answer.output
    assert "its hash is the recorded one" in answer.stdout
    assert sha256((tmp_path / "rows" / "rows.parquet").read_bytes()) == version.files["rows.parquet"]
    again = run("dataset", "get", version.name, tmp_path / "rows")
    assert again.exit_code == 1
    assert "is not empty" in again.stderr


def test_get_of_a_model_restores_what_it_was_trained_on(
    run: Callable[..., Any], version: DatasetVersion, tmp_path: Path, put_package: Callable[..., Any]
) -> None:
    unknown = run("dataset", "get", "flight_delays/7", tmp_path / "none")
    assert unknown.exit_code == 1
    assert "flight_delays has no model version '7'" in unknown.stderr

    put_package("1", dataset_version=version.name)
    answer = run("dataset", "get", "flight_delays/1", tmp_path / "rows")

    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith(version.name)
    assert sha256((tmp_path / "rows" / "rows.parquet").read_bytes()) == version.files["rows.parquet"]


def test_check_wants_a_champion_to_hold_a_version_against(
    run: Callable[..., Any], version: DatasetVersion, put_package: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("dataset", "check", "flight_delays")
    said = "flight_delays has no champion yet; name a dataset version to test.\n"
    assert (refused.exit_code, refused.stderr) == (1, said)
    first = run("dataset", "check", version.name)
    assert first.exit_code == 0, "before the first model there is none to hold it against"
    assert first.stdout.startswith(f"{version.name} cannot judge: flight_delays has no champion yet")

    model = put_package("9", dataset_version=version.name)
    for module in (registry, dataset_check):
        monkeypatch.setattr(module, "champion", lambda _: model)
    again: list[str] = []
    monkeypatch.setattr(datasets, "prepare", lambda use_case, key: again.append(key) or version)
    answer = run("dataset", "check", "flight_delays")  # the one that the champion was trained on, as it comes out now
    assert answer.exit_code == 1, "with a champion, a version that nobody could judge is none that passed"
    assert answer.stderr.startswith(f"{version.name} cannot judge: The package of flight_delays/9 has no evaluation")
    assert again == [version.key]
    assert " cannot judge " in run("dataset", "list").stdout
    lake().write(uris.dataset_check(version.name), b"{}")
    assert " unreadable " in run("dataset", "list").stdout
    lake().delete(uris.dataset_check(version.name))
    assert " not tested " in run("dataset", "list").stdout


def test_an_unknown_version_gets_the_nearest_match(run: Callable[..., Any], version: DatasetVersion) -> None:
    answer = run("dataset", "show", version.name.upper())

    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1
    assert f"Known: {version.name}" in answer.stderr


def test_files_are_published_listed_shown_and_restored(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("hello")
    arguments = ("--name", "pictures", "--key", "2013-04-01")
    answer = run("dataset", "publish", tmp_path / "folder", *arguments)
    assert answer.exit_code == 0, answer.output
    name = answer.stdout.split(":")[0]
    assert answer.stdout == f"{name}: 1 files, 0.0 MB\n"

    for of in ((), ("pictures",)):
        listed = run("dataset", "list", *of).stdout
        assert name in listed and "1 files" in listed
    assert json.loads(run("dataset", "show", name).stdout)["kind"] == "files"
    assert run("dataset", "get", name, tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "a.txt").read_text() == "hello"
    refused = run("dataset", "publish", tmp_path / "none", *arguments)
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"{tmp_path / 'none'} is no folder; name the folder that holds the files.\n",
    )
