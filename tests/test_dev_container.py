"""Whoever develops, tests, trains or serves has the same versions: one Dockerfile, the same lock files."""

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from driftgate.settings import project_root

ROOT = project_root()
TORCH = {"none": None, "cpu": "torch.txt", "gpu": "torch-gpu.txt"}


@pytest.fixture(scope="module")
def container() -> dict[str, Any]:
    """The definition of the dev container."""
    found: dict[str, Any] = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    return found


def locked(file: str) -> dict[str, str]:
    """Return name → version of a lock file, of the lines that are for this machine."""
    lines = re.findall(r"^([A-Za-z0-9].*?)(?: \\)?$", (ROOT / "requirements" / file).read_text(), re.MULTILINE)
    wanted = [Requirement(line) for line in lines]
    return {
        one.name: next(iter(one.specifier)).version for one in wanted if one.marker is None or one.marker.evaluate()
    }


@pytest.mark.parametrize("file", ["runtime.txt", "dev.txt"])
def test_what_runs_here_is_what_the_lock_says(file: str) -> None:
    pins = locked(file)
    other = {name: (pin, version(name)) for name, pin in pins.items() if version(name).partition("+")[0] != pin}
    assert len(pins) > 20
    assert not other, f"Run `make` again: these differ from requirements/{file}: {other}"


def test_the_dev_container_is_the_image_of_the_workers_with_the_locked_tools(container: dict[str, Any]) -> None:
    folder = ROOT / ".devcontainer"
    assert (folder / container["build"]["dockerfile"]).resolve() == (ROOT / "Dockerfile").resolve()
    assert (folder / container["build"]["context"]).resolve() == ROOT.resolve()
    assert "--require-hashes --no-deps --requirement requirements/dev.txt" in container["postCreateCommand"]
    asked = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert set(container["build"]["args"]) <= asked
    assert container["build"]["args"]["TORCH"] in TORCH


def test_the_same_torch_everywhere() -> None:
    dockerfile, cpu, gpu = (ROOT / "Dockerfile").read_text(), locked("torch.txt"), locked("torch-gpu.txt")
    assert all(f"{choice})" in dockerfile for choice in TORCH)
    assert all(f"$install/{file}" in dockerfile for file in TORCH.values() if file)
    assert {name: (pin, gpu.get(name)) for name, pin in cpu.items() if gpu.get(name) != pin} == {}


def test_torch_changes_no_version_of_the_workers() -> None:
    runtime = locked("runtime.txt")
    for file in filter(None, TORCH.values()):
        both = {name: (pin, runtime[name]) for name, pin in locked(file).items() if name in runtime}
        assert {name: pins for name, pins in both.items() if len(set(pins)) > 1} == {}, file


def test_the_image_has_the_python_of_the_lock() -> None:
    [python] = re.findall(r"^FROM python:(\d+\.\d+)-", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert f"--python-version {python}" in Path(ROOT / "Makefile").read_text()
