"""Keys on a laptop: made once, whoever is first; what is lost, readable by others or unknown gets its sentence."""

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from driftgate.errors import ConfigError, Tampered
from driftgate.signing import Signature, local_keys, parse_signature, sign, verify

DATA = b'{"a":1}'


@pytest.fixture
def keys(project_home: Path) -> Path:
    return project_home / "keys"


def test_what_was_signed_is_accepted_and_nothing_else() -> None:
    signature = sign("package", DATA)
    assert signature.algorithm == "ed25519"
    verify("package", DATA, signature, what="It")
    for purpose, data in (("package", b'{"a":2}'), ("receipt", DATA), ("package", b"")):
        with pytest.raises(Tampered, match=f"It is not what the key {signature.key_id} signed"):
            verify(purpose, data, signature, what="It")


@pytest.mark.parametrize("value", ["", "not base64!", "AAAA", "A" * 88])
def test_a_changed_signature_is_refused(value: str) -> None:
    signature = sign("package", DATA).model_copy(update={"value": value})
    with pytest.raises(Tampered, match="one of the two was changed"):
        verify("package", DATA, signature, what="It")


def test_the_trusted_key_says_the_algorithm_not_the_signature() -> None:
    signature = sign("package", DATA).model_copy(update={"algorithm": "ecdsa_p256_sha256"})
    with pytest.raises(Tampered, match="one of the two was changed"):
        verify("package", DATA, signature, what="It")


def test_the_private_key_is_for_its_owner_only(keys: Path) -> None:
    sign("package", DATA)
    assert stat.S_IMODE((keys / "signing.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    (keys / "signing.pem").chmod(0o644)
    with pytest.raises(ConfigError, match=r"signing\.pem can be read by others .* chmod 600"):
        sign("package", DATA)


def test_a_lost_private_key_is_not_replaced_behind_ones_back(keys: Path) -> None:
    signature = sign("package", DATA)
    (keys / "signing.pem").unlink()
    verify("package", DATA, signature, what="It")
    with pytest.raises(ConfigError, match=r"signing\.pem is lost, .*restore it from a copy, or begin with a new one"):
        sign("package", DATA)
    assert local_keys.new_key() != signature.key_id
    assert sign("package", DATA).key_id != signature.key_id
    verify("package", DATA, signature, what="It")


def test_a_key_that_nobody_trusts_counts_nothing(keys: Path) -> None:
    signature = sign("package", DATA)
    (keys / f"{signature.key_id}.pub.pem").rename(keys / "elsewhere")
    with pytest.raises(Tampered, match=rf"signed by the key '{signature.key_id}', which is not trusted here.*: none\)"):
        verify("package", DATA, signature, what="It")


def test_a_public_key_that_is_put_there_is_trusted(keys: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = sign("package", DATA)
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "loader"))
    with pytest.raises(Tampered, match="not trusted here"):
        verify("package", DATA, mine, what="It")
    (tmp_path / "loader" / "keys").mkdir(parents=True)
    public = (keys / f"{mine.key_id}.pub.pem").read_bytes()
    (tmp_path / "loader" / "keys" / "team.pub.pem").write_bytes(public)
    verify("package", DATA, mine, what="It")


@pytest.mark.parametrize("name", ["signing.pem", "other.pub.pem"])
@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\x00"])
def test_a_file_that_is_no_key_is_named(keys: Path, name: str, content: bytes) -> None:
    signature = sign("package", DATA)
    (keys / name).write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{name} is no (private|public) key of"):
        sign("package", DATA)
        verify("package", DATA, signature, what="It")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 4000, b'{"key_id": "x"}', json.dumps({"key_id": "a" * 5000}).encode()],
)
def test_what_is_no_signature_is_said_so(raw: bytes) -> None:
    with pytest.raises(Tampered, match=r"package\.sig (is no signature|has 5,\d+ bytes, more than any)"):
        parse_signature(raw, "package.sig")


def test_a_signature_is_written_and_read_unchanged() -> None:
    golden = b'{"algorithm":"ed25519","key_id":"ab","schema_version":1,"value":"AAAA"}'
    signature = Signature(key_id="ab", algorithm="ed25519", value="AAAA")
    assert signature.canonical() == golden
    assert parse_signature(golden, "x") == signature


def test_several_processes_that_sign_first_make_one_key(keys: Path) -> None:
    code = "from driftgate.signing import sign; print(sign('package', b'x').key_id)"

    def process(_: int) -> str:
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return answer.stdout

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(process, range(4)))
    assert len(found) == 1
    assert sorted(path.name for path in keys.iterdir()) == sorted([f"{found.pop().strip()}.pub.pem", "signing.pem"])
