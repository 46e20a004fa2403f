"""Packages as an attacker would leave them: each is refused with a sentence, and nothing in them is run or read far.

The attacker of the first half may write into the lake; the one of the second half also into the metadata, so every hash
is right, and only the signature is left. The last ones had a key that is trusted.
"""

import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from driftgate.errors import DriftgateError, PromotionRefused, Tampered
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.models import Preprocessing
from driftgate.records import canonical_json, sha256
from driftgate.registry import (
    ModelVersion,
    find_model,
    list_models,
    load_package,
    load_serving_package,
    verified_files,
)
from driftgate.registry.states import KIND, move_state
from driftgate.registry.versions import POINTER, SIGNATURE, registration_of, sign_pointer
from driftgate.registry.writing import package_files
from driftgate.signing import local_keys, sign

NAME = "flight_delays"


class Bomb:
    """A pickle that leaves a file behind when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.path), "w")


@pytest.fixture
def bomb(tmp_path: Path) -> bytes:
    return pickle.dumps(Bomb(tmp_path / "exploded"))


@pytest.fixture(autouse=True)
def nothing_exploded(tmp_path: Path) -> object:
    yield
    assert not (tmp_path / "exploded").exists()


def replace_pointer(version: str, raw: bytes) -> None:
    """Replace a package.json, and the registration with it: its hash is right."""
    registration = registration_of(NAME, version)
    assert registration
    lake().write(f"models/{NAME}/{version}/{POINTER}", raw)
    body = {**registration.model_dump(mode="json"), "package_hash": sha256(raw)}
    metadata().append("model", f"{NAME}/{version}", body)


def refused(version: str = "1", words: str = r"package\.(json|sig)") -> None:
    with pytest.raises(Tampered, match=words) as caught:
        load_package(NAME, version)
    assert str(caught.value).endswith((".", "sign flight_delays 1."))


class TestTheLakeWasWritten:
    def test_a_byte_of_the_signature_was_changed(self, package: Callable[..., ModelVersion]) -> None:
        path = f"{package().folder}/{SIGNATURE}"
        whole = lake().read(path)
        for place in range(0, len(whole), 7):
            changed = bytearray(whole)
            changed[place] ^= 1
            lake().write(path, bytes(changed))
            refused()
        lake().write(path, whole)
        assert load_package(NAME, "1")

    def test_the_signature_is_gone(self, package) -> None:
        lake().delete(f"{package().folder}/{SIGNATURE}")
        refused(
            words=r"package\.sig is gone, and no package is loaded unsigned; .*: driftgate model sign flight_delays 1"
        )
        with pytest.raises(Tampered):
            list_models(NAME)

    def test_the_signature_of_another_package_is_there(self, package) -> None:
        first, second = package("1"), package("2")
        lake().write(f"{first.folder}/{SIGNATURE}", lake().read(f"{second.folder}/{SIGNATURE}"))
        refused(words=r"models/flight_delays/1/package\.json is not what the key \w+ signed")

    def test_another_package_is_there_with_its_signature(self, package) -> None:
        first, second = package("1"), package("2")
        for path in lake().list(second.folder):
            lake().write(f"{first.folder}/{path.rpartition('/')[2]}", lake().read(path))
        refused(words="is not the file that was registered")

    @pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "__init__.py", "payload.so"])
    def test_code_was_put_beside_the_model(self, package, bomb, name: str) -> None:
        lake().write(f"{package().folder}/{name}", bomb)
        refused(words=f"holds {name}, which its package.json does not name")

    def test_the_model_was_replaced_by_a_pickle(self, package, bomb) -> None:
        lake().write(f"{package().folder}/model.txt", bomb)
        refused(words=r"model\.txt is not the file that was registered")

    def test_a_signature_has_no_end(self, package) -> None:
        lake().write(f"{package().folder}/{SIGNATURE}", b"[" * 3_000_000)
        refused(words="more than any signature")


class TestTheMetadataWasWrittenToo:
    def edited(self, package: Callable[..., ModelVersion], change: Callable[[dict], object]) -> None:
        content = json.loads(package().canonical())
        change(content)
        replace_pointer("1", canonical_json(content))

    @pytest.mark.parametrize(
        "change",
        [
            lambda content: content.update(metrics={"auc": 1.0}),
            lambda content: content["files"]["model.txt"].update(sha256="0" * 64),
            lambda content: content["files"].update({"../2/model.txt": {"bytes": 1, "sha256": "0" * 64}}),
            lambda content: content["files"].update({"/etc/passwd": {"bytes": 1, "sha256": "0" * 64}}),
            lambda content: content["files"]["model.txt"].update(bytes=10**15),
            lambda content: content.update(schema_version=99),
            lambda content: content.clear(),
        ],
    )
    def test_package_json_says_something_else(self, package, change) -> None:
        self.edited(package, change)
        refused(words="is not what the key")

    def test_the_hash_of_the_model_was_swapped_and_the_model_with_it(self, package, bomb) -> None:
        self.edited(package, lambda content: content["files"]["model.txt"].update(sha256=sha256(bomb), bytes=len(bomb)))
        lake().write(f"models/{NAME}/1/model.txt", bomb)
        refused(words="is not what the key")

    @pytest.mark.parametrize("raw", [b"", b"{", b'{"files":', b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
    def test_package_json_is_cut_or_none_or_deep(self, package, raw: bytes) -> None:
        package()
        replace_pointer("1", raw)
        refused(words="is not what the key")

    def test_the_signature_is_by_a_key_of_the_attacker(self, package, monkeypatch, tmp_path: Path) -> None:
        model = package()
        with monkeypatch.context() as patch:
            patch.setattr(local_keys, "home", lambda: tmp_path / "attacker")
            forged = sign("package", model.canonical())
        lake().write(f"{model.folder}/{SIGNATURE}", forged.canonical())
        refused(words=f"signed by the key '{forged.key_id}', which is not trusted here")

    def test_the_signature_is_one_of_a_receipt(self, package) -> None:
        model = package()
        lake().write(f"{model.folder}/{SIGNATURE}", sign("receipt", model.canonical()).canonical())
        refused(words="is not what the key")


class TestATrustedKeySignedIt:
    def signed(self, raw: bytes) -> None:
        replace_pointer("1", raw)
        sign_pointer(f"models/{NAME}/1", raw)

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"schema_version":"x"}', b"{}", b"[" * 100_000])
    def test_what_is_no_package_json_gets_a_sentence(self, package, raw: bytes) -> None:
        package()
        self.signed(raw)
        with pytest.raises(DriftgateError, match=r"package\.json"):
            load_package(NAME, "1")

    def test_the_package_of_another_version_is_refused(self, package) -> None:
        package("1")
        self.signed(package("2").canonical())
        refused(words=r"package\.json is the package of flight_delays/2; restore the right one")

    @pytest.mark.parametrize("name", ["preprocessing.json", "signature.json", "feature_baseline.json"])
    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"[" * 100_000, b"\xff"])
    def test_a_file_that_cannot_be_parsed_gets_a_sentence(self, package, name: str, content: bytes) -> None:
        package(replaced={name: content})
        with pytest.raises(DriftgateError, match=name.removesuffix(".json")):
            load_package(NAME, "1")

    def test_a_pickle_under_the_name_of_a_model_is_not_run(self, package, bomb) -> None:
        package(replaced={"model.txt": bomb})
        refused(words=r"model\.txt is no model; train it again")


def test_verifying_a_large_model_costs_little_more_than_hashing_it_once(package, artefacts) -> None:
    """In processor time, because cores are shared: 10 MB take 9 to 16 ms, of which the hash is 6."""
    big = artefacts["model.txt"] + b"\n" * 10_000_000
    package(replaced={"model.txt": big})

    def seconds(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    once = min(seconds(lambda: sha256(big)) for _ in range(5))
    assert min(seconds(lambda: verified_files(find_model(NAME, "1"))) for _ in range(5)) < 2 * once + 0.01


class TestOnlyWhatWasApprovedServes:
    def test_a_version_without_a_state_does_not(self, package, monkeypatch) -> None:
        package("1")
        assert load_serving_package(NAME, "1").model.version == "1"
        with metadata().engine.begin() as connection:
            connection.exec_driver_sql("delete from driftgate_record where kind = ?", (KIND,))
        with pytest.raises(PromotionRefused, match=r"No state of version 1 .* is recorded, so it may not serve"):
            load_serving_package(NAME, "1")

    @pytest.mark.parametrize("state", ["rejected", "quarantined", "needs_review"])
    def test_one_that_was_turned_away_does_not(self, package, state) -> None:
        package("1")
        move_state(NAME, "1", state, actor="anna", reason="a test")
        with pytest.raises(PromotionRefused, match=rf"Version 1 .* is {state} \(a test\), so it may not serve"):
            load_serving_package(NAME, "1")


def test_preprocessing_is_data() -> None:
    """What the corpus stands on: no record of ours names code."""
    assert not any("callable" in str(field.annotation).lower() for field in Preprocessing.model_fields.values())
    with pytest.raises(Tampered, match="outside its own folder"):
        package_files({"../x": b""})
