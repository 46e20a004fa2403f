"""A key of KMS, as moto has it: it signs, its public half checks, and a key that cannot sign gets a sentence."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.errors import ConfigError, Tampered
from driftgate.settings import project_root
from driftgate.signing import sign, verify

DATA = b"x" * 10_000  # more than KMS signs by itself


@pytest.fixture
def signing_with(tmp_path: Path, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let this environment sign with a key of KMS."""
    folder = tmp_path / "project" / "include" / "settings"
    shutil.copytree(project_root() / "include" / "settings", folder)
    local = (folder / "local.yaml").read_text()

    def use(key_id: str, *trusted: str) -> None:
        section = f"\nsigning: {{backend: kms, key_id: {key_id}, trusted: [{', '.join(trusted)}]}}\n"
        project = tmp_path / f"with-{key_id.replace('/', '-')}-{len(trusted)}"  # settings are read once per project
        shutil.copytree(folder.parents[1], project)
        (project / "include" / "settings" / "local.yaml").write_text(local + section)
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(project))

    return use


@pytest.fixture
def made(aws: LocalAws) -> Callable[..., str]:
    """Make a key and return its id."""

    def make(**changes: Any) -> str:
        asked = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", **changes}
        return str(aws.client("kms").create_key(**asked)["KeyMetadata"]["KeyId"])

    return make


def test_what_kms_signed_is_accepted_and_nothing_else(signing_with, made) -> None:
    signing_with(made())
    signature = sign("package", DATA)
    assert signature.algorithm == "ecdsa_p256_sha256"
    verify("package", DATA, signature, what="It")
    with pytest.raises(Tampered, match="one of the two was changed"):
        verify("package", DATA + b"x", signature, what="It")


def test_after_a_rotation_the_key_before_counts_while_it_is_trusted(signing_with, made) -> None:
    old, new = made(), made()
    signing_with(old)
    signature = sign("package", DATA)
    signing_with(new)
    with pytest.raises(Tampered, match="which is not trusted here"):
        verify("package", DATA, signature, what="It")
    signing_with(new, old)
    verify("package", DATA, signature, what="It")
    assert sign("package", DATA).key_id != signature.key_id


def test_a_key_that_cannot_sign_is_refused(signing_with, made) -> None:
    """KMS says so by itself; moto gives the public half of a key that has none."""
    signing_with(made(KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT"))
    with pytest.raises(ConfigError, match=r"The KMS key .* (cannot be used|is no public key of Ed25519)"):
        sign("package", DATA)


def test_a_key_of_another_kind_is_refused(signing_with, made) -> None:
    signing_with(made(KeySpec="RSA_2048"))
    with pytest.raises(ConfigError, match="is no public key of Ed25519 or of ECDSA on P-256"):
        sign("package", DATA)


def test_a_key_that_is_not_there_is_named(signing_with) -> None:
    signing_with("alias/none")
    with pytest.raises(ConfigError, match="The KMS key alias/none cannot be used"):
        sign("package", DATA)


def test_the_backend_kms_names_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "include" / "settings"
    shutil.copytree(project_root() / "include" / "settings", folder)
    with (folder / "local.yaml").open("a") as file:
        file.write("\nsigning: {backend: kms}\n")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    with pytest.raises(ConfigError, match=r"key 'signing': the backend kms needs a key_id"):
        sign("package", DATA)
