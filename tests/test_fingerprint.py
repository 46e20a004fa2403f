"""Two environments differ in what a score can depend on, and in nothing else."""

import pytest
import yaml

from driftgate.errors import ConfigError
from driftgate.fingerprint import Fingerprint, allowed_skew, differences, fingerprint
from driftgate.settings import project_root


def test_a_process_says_what_it_runs_on_and_with(monkeypatch):
    found = fingerprint()
    assert found.architecture
    assert found.python.startswith("3.")
    assert {"numpy", "lightgbm", "onnxruntime"} <= set(found.packages)
    assert len(found.lock_sha256) == len(found.config_sha256) == 64
    monkeypatch.setenv("DRIFTGATE_IMAGE_DIGEST", "sha256:abc")
    assert fingerprint().image_digest == "sha256:abc"
    assert differences(found, fingerprint()) == {}  # only one of the two has a digest


def test_other_packages_and_processors_are_told():
    here = fingerprint()
    there = here.model_copy(update={"architecture": "riscv", "packages": {**here.packages, "lightgbm": "1.0"}})
    told = differences(here, there)
    assert told == {
        "architecture": f"{here.architecture} -> riscv",
        "packages.lightgbm": f"{here.packages['lightgbm']} -> 1.0",
    }


def test_what_only_one_of_two_has_is_no_difference():
    here = fingerprint()
    assert differences(here, here.model_copy(update={"packages": {}, "lock_sha256": None})) == {}


def test_what_a_row_means_is_part_of_it(tmp_path, monkeypatch):
    before = fingerprint()
    folder = tmp_path / "include" / "use_cases" / "fares"
    folder.mkdir(parents=True)
    (folder / "features.sql").write_text("select 1")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    assert set(differences(before, fingerprint())) == {"config_sha256"}


def test_the_shipped_allowances_are_of_fields_that_there_are():
    assert set(allowed_skew()) == {"cuda", "image_digest"}
    assert set(allowed_skew()) < set(Fingerprint.model_fields)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"allowed": {"pyton": "because it is so"}}, "'pyton'; did you mean 'python'"),
        ({"allowed": {"python": "so"}}, "allowed.python"),
        ({"alowed": {}}, "unknown key 'alowed'"),
    ],
)
def test_a_wrong_allowance_is_told_by_its_key(tmp_path, monkeypatch, written, sentence):
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "allowed_skew.yaml").write_text(yaml.safe_dump(written))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    with pytest.raises(ConfigError, match=sentence):
        allowed_skew()


def test_without_the_file_nothing_may_differ(tmp_path, monkeypatch):
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    assert not allowed_skew()
    assert project_root() == tmp_path
