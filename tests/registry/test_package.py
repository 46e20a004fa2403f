"""A package is loaded only if every byte of it is what was registered."""

import json
import subprocess
import sys

import pytest

from driftgate.errors import ConfigError, Conflict, Tampered
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.registry import load_package, load_preprocessing, load_signature
from driftgate.registry import package as package_module
from driftgate.registry.versions import PackageFile, record_registration, sign_pointer
from driftgate.registry.writing import package_files, write_package

FILES = [
    "model.txt", "preprocessing.json", "signature.json", "card.md", "baseline.json", "evaluation.json",
    "feature_baseline.json",
]  # fmt: skip


def test_a_package_scores_as_its_job_did_and_tells_where_it_comes_from(package, rows) -> None:
    package()
    loaded = load_package("flight_delays", "1")
    assert ((loaded.scorer.score_table(rows) > 0) & (loaded.scorer.score_table(rows) < 1)).all()
    assert [column.name for column in loaded.signature.columns][:2] == ["carrier", "flight"]
    assert loaded.preprocessing.names == ["carrier", "origin", "distance_miles"]
    assert loaded.info["dataset_version"] == "flight_delays/2013-03-10-3f9c2a1"
    assert loaded.info == json.loads(lake().read("models/flight_delays/1/package.json"))


@pytest.mark.parametrize("name", [*FILES, "package.json"])
def test_one_changed_byte_is_tampering(package, name: str) -> None:
    path = f"{package().folder}/{name}"
    changed = bytearray(lake().read(path))
    changed[len(changed) // 2] ^= 1
    lake().write(path, bytes(changed))
    with pytest.raises(Tampered, match=rf"{name} is not the file that was registered"):
        load_package("flight_delays", "1")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(package, name: str) -> None:
    lake().delete(f"{package().folder}/{name}")
    with pytest.raises(Tampered, match=f"lacks {name}"):
        load_package("flight_delays", "1")


def test_a_missing_package_json_is_said_so(package) -> None:
    lake().delete(f"{package().folder}/package.json")
    with pytest.raises(Tampered, match=r"package\.json is gone"):
        load_package("flight_delays", "1")


def test_a_fallback_that_reads_what_no_request_has_is_refused(package) -> None:
    rule = {"by": ["gate"], "event_time": "scheduled_departure", "groups": [], "answer": 0.2}
    package(replaced={"fallback.json": json.dumps(rule).encode()})
    with pytest.raises(Tampered, match=r"fallback\.json reads gate, which signature\.json does not have"):
        load_package("flight_delays", "1")


@pytest.mark.parametrize("name", ["extra.pkl", "deeper/extra.txt"])
def test_a_file_that_nobody_registered_is_refused(package, name: str) -> None:
    lake().write(f"{package().folder}/{name}", b"x")
    with pytest.raises(Tampered, match=f"holds {name}, which its package.json does not name"):
        load_package("flight_delays", "1")


@pytest.mark.parametrize("name", ["../2/model.txt", "/etc/passwd", "..\\model.txt", ".hidden"])
def test_a_name_outside_the_folder_is_refused(package, artefacts, name: str) -> None:
    files = package_files(artefacts) | {name: PackageFile(bytes=1, sha256="0" * 64)}
    package(files=files)
    with pytest.raises(Tampered, match="outside its own folder"):
        load_package("flight_delays", "1")


def test_a_file_too_large_is_refused_unread(package, monkeypatch: pytest.MonkeyPatch) -> None:
    package()
    monkeypatch.setattr(package_module, "LARGEST_FILE_BYTES", 100)
    with pytest.raises(Tampered, match="more than the 100 that are loaded"):
        load_package("flight_delays", "1")


def test_a_package_of_a_newer_schema_asks_for_newer_code(package) -> None:
    package(schema_version=2)
    with pytest.raises(ConfigError, match="schema_version 2, and this Driftgate reads up to 1; update"):
        load_package("flight_delays", "1")


def test_an_unknown_version_names_those_there_are(package) -> None:
    package("1")
    package("12")
    with pytest.raises(ConfigError, match=r"no model version '13'; did you mean '1'\? Known: 1, 12"):
        load_package("flight_delays", "13")


@pytest.mark.parametrize(
    "order",
    [lambda columns: columns[1:], lambda columns: columns[::-1]],
    ids=["a feature is missing", "another order"],
)
def test_a_signature_that_asks_for_other_features_than_were_trained_on_is_refused(package, artefacts, order) -> None:
    signature = json.loads(artefacts["signature.json"])
    signature["columns"] = order(signature["columns"])
    package(replaced={"signature.json": json.dumps(signature).encode()})
    with pytest.raises(Tampered, match=r"signature\.json and preprocessing\.json in .* in another order; take both"):
        load_package("flight_delays", "1")


def test_a_signature_of_another_feature_set_is_refused(package, artefacts) -> None:
    """It would have the endpoint join values of other views than the model was trained on."""
    signature = {**json.loads(artefacts["signature.json"]), "feature_set_sha256": "a" * 64}
    replaced = {"signature.json": json.dumps(signature).encode()}
    package("1", replaced, feature_set_sha256="a" * 64)
    assert load_package("flight_delays", "1").signature == load_signature("flight_delays", "1")
    package("2", replaced, feature_set_sha256="b" * 64)
    for load in (load_package, load_signature):
        with pytest.raises(Tampered, match=r"is of the feature set aaaaaaaaaaaa, .* trained on bbbbbbbbbbbb"):
            load("flight_delays", "2")


def test_what_encodes_the_features_is_read_without_the_model_and_verified_like_it(package) -> None:
    model = package()
    loaded = load_package("flight_delays", "1").preprocessing
    lake().delete(f"{model.folder}/model.txt")
    assert load_preprocessing("flight_delays", "1") == loaded
    lake().write(f"{model.folder}/preprocessing.json", loaded.model_copy(update={"features": ()}).canonical())
    with pytest.raises(Tampered, match=r"preprocessing\.json is not the file that was registered"):
        load_preprocessing("flight_delays", "1")


def test_a_package_whose_features_nobody_measured_is_not_registered(artefacts, package) -> None:
    files = {**artefacts, "card.md": b""}
    model = package("1").model_copy(update={"version": "2", "files": package_files(files)})
    with pytest.raises(
        ConfigError, match=r"flight_delays/2 has no feature_baseline.json, without which no model is reg"
    ):
        write_package(model, files)
    assert not lake().exists("models/flight_delays/2/model.txt")


def test_one_that_was_registered_before_there_were_feature_baselines_is_not_loaded(artefacts, package) -> None:
    model = package("1").model_copy(update={"version": "2", "files": package_files(artefacts)})
    for name, data in {**artefacts, "package.json": model.canonical()}.items():
        lake().write(f"{model.folder}/{name}", data)
    sign_pointer(model.folder, model.canonical())
    record_registration(model)
    with pytest.raises(Tampered, match=r"flight_delays/2 has no feature_baseline.json.*; train and register anew"):
        load_package("flight_delays", "2")


def test_a_feature_baseline_of_other_features_is_refused(features, package) -> None:
    other = json.loads(features)
    other["features"].pop("carrier")
    package(replaced={"feature_baseline.json": json.dumps(other).encode()})
    with pytest.raises(Tampered, match=r"feature_baseline\.json and preprocessing\.json in .* name other features"):
        load_package("flight_delays", "1")


def test_a_package_without_registration_is_invisible(package) -> None:
    files = package("1").files
    lake().write("models/flight_delays/2/package.json", lake().read("models/flight_delays/1/package.json"))
    assert files
    with pytest.raises(ConfigError, match="no model version '2'"):
        load_package("flight_delays", "2")


def test_a_registered_version_cannot_be_registered_with_other_bytes(package) -> None:
    package()
    with pytest.raises(Conflict, match="registered by another process"):
        package(seed=8)
    assert load_package("flight_delays", "1").info["seed"] == 7


def test_loading_a_package_loads_no_library_that_it_does_not_need(package) -> None:
    """LightGBM itself loads pandas and scikit-learn where they are installed."""
    package()
    code = (
        "import sys; from driftgate.registry import load_package, list_models, champion;"
        "load_package('flight_delays', '1'); list_models('flight_delays'); champion('flight_delays');"
        "print([name for name in ('mlflow', 'dvc', 'duckdb', 'great_expectations') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_registration_is_one_record(package) -> None:
    model = package()
    [entry] = metadata().history("model", "flight_delays/1")
    assert entry.body == {
        "schema_version": 1,
        "use_case": "flight_delays",
        "version": "1",
        "job_id": "job-1",
        "package_hash": model.package_hash,
        "trained_by": None,
        "registered_by": None,
    }
