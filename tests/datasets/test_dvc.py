"""DVC in our process: it changes nothing around it, and nobody's own settings change it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftgate.datasets import dvc
from driftgate.datasets.dvc import DvcFailed
from driftgate.settings import settings

LOADED = """
import sys, logging
before = sys.stdout, sys.stderr
from driftgate.datasets import dvc
dvc.stored("a" * 32)
assert (sys.stdout, sys.stderr) == before
assert not logging.getLogger("dvc").handlers
"""


def test_the_terminal_and_the_log_stay_ours() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_object_is_put_found_fetched_and_removed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    assert dvc.stored("ab" * 16) is None
    dvc.upload("ab" * 16, tmp_path / "file")
    found = dvc.stored("ab" * 16)
    assert found and found.bytes == 7
    dvc.download("ab" * 16, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"
    dvc.remove("ab" * 16)
    dvc.remove("ab" * 16)
    with pytest.raises(DvcFailed, match="No such file"):
        dvc.download("ab" * 16, tmp_path / "copy")


def test_a_damaged_object_is_mended_by_the_next_upload(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    stored = Path(settings().dvc_remote) / "files" / "md5" / "ab" / ("ab" * 15)
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"cont")
    dvc.upload("ab" * 16, tmp_path / "file")

    assert stored.read_bytes() == b"content"


TRACKED = """
import sys
from pathlib import Path
from driftgate.datasets import dvc
folder = Path(sys.argv[1])
dvc.configure(folder)
dvc.track(folder, "data/file")
"""


def test_a_users_own_settings_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "file").write_bytes(b"content")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (tmp_path / "config" / "dvc").mkdir(parents=True)
    (tmp_path / "config" / "dvc" / "config").write_text(f"[cache]\n dir = {tmp_path / 'theirs'}\n type = unheard-of\n")
    environment = {**os.environ, "DVC_GLOBAL_CONFIG_DIR": str(tmp_path / "config" / "dvc"), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", TRACKED, folder], env=environment, check=True, capture_output=True)

    assert (folder / "data" / "file.dvc").read_text().startswith("outs:\n- md5: 9a0364b9e99bb480dd25e1f0284c8555\n")
    assert not (tmp_path / "theirs").exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"clone", "config", "home", ".config"}
