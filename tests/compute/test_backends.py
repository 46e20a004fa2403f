"""A job goes to the backend of its target; a target that is not there or not possible is a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute import JobSpec, status, submit, target_names
from driftgate.compute.targets import find_target
from driftgate.errors import ConfigError, NotSupported
from driftgate.settings import settings

SIZE = {"backend": "local", "vcpu": 2, "memory_mib": 4096, "timeout_minutes": 30}


def test_the_project_has_the_target_of_its_use_case() -> None:
    assert target_names() == ["local_small"]


def test_an_unknown_target_names_the_nearest(job_spec: Callable[..., JobSpec]) -> None:
    with pytest.raises(
        ConfigError, match=r"no compute target 'local_smal' in .*compute.yaml; did you mean 'local_small'"
    ):
        submit(job_spec(target="local_smal"))


def test_a_gpu_on_this_machine_is_refused_before_anything_starts(
    job_spec: Callable[..., JobSpec], compute_yaml: Callable[..., None]
) -> None:
    compute_yaml(local_gpu={**SIZE, "gpu": 1})
    with pytest.raises(NotSupported, match=r"'local_gpu' in compute\.yaml has gpu: 1"):
        submit(job_spec(target="local_gpu"))
    assert not Path(settings().jobs).exists()


def test_a_backend_that_is_not_there_is_refused(
    job_spec: Callable[..., JobSpec], compute_yaml: Callable[..., None]
) -> None:
    compute_yaml(night={**SIZE, "backend": "locl"})
    with pytest.raises(
        NotSupported, match=r"'night' .* names the backend 'locl', which is not there; did you mean 'local'"
    ):
        submit(job_spec(target="night"))


def test_an_unknown_key_of_a_target_is_refused(compute_yaml: Callable[..., None]) -> None:
    compute_yaml(small={**SIZE, "memory_mb": 4096})
    with pytest.raises(ConfigError, match="memory_mb"):
        target_names()


def test_a_changed_file_is_read_again(compute_yaml: Callable[..., None]) -> None:
    compute_yaml(one=SIZE)
    assert target_names() == ["one"]
    compute_yaml(another=SIZE)
    assert target_names() == ["another"]


@pytest.mark.parametrize("job_id", ["", "../escape", "a/b", ".hidden", "-option", "a" * 129, "a b", "a\n"])
def test_a_job_id_that_is_no_plain_name_is_refused(job_spec: Callable[..., JobSpec], job_id: str) -> None:
    with pytest.raises(ConfigError, match="is not allowed; use 1 to 128 letters, digits"):
        submit(job_spec(job_id=job_id))
    with pytest.raises(ConfigError, match="is not allowed"):
        status(job_id, "local_small")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"then": ["b"]}, "names 'b' in 'then', which is no target of this file. Known: a, other"),
        ({"then": ["a"]}, "comes back to 'a' in 'then': a job would go in a circle"),
        ({"then": ["other", "other"]}, "comes back to 'other' in 'then'"),
        ({"spot": True}, "is on Spot without max_wait_minutes"),
        (
            {"spot": True, "max_wait_minutes": 20},
            r"has max_wait_minutes: 20, which is less than its timeout_minutes \(30\)",
        ),
        (
            {"spot": True, "max_wait_minutes": 60, "host_loss_attempts": 1},
            "is on Spot with host_loss_attempts: 1: no checkp",
        ),
        ({"max_wait_minutes": 60}, "has max_wait_minutes, which is for Spot"),
    ],
)
def test_a_target_that_cannot_work_is_refused_when_the_file_is_read(
    compute_yaml: Callable[..., None], settings: dict[str, Any], sentence: str
) -> None:
    size = {**SIZE, "backend": "batch"}
    compute_yaml(a={**size, **settings}, other=size)
    with pytest.raises(ConfigError, match=rf"compute\.yaml: compute target 'a' {sentence}"):
        target_names()


def test_a_spot_target_with_a_way_out_is_read(compute_yaml: Callable[..., None]) -> None:
    size = {**SIZE, "backend": "batch"}
    compute_yaml(a={**size, "spot": True, "max_wait_minutes": 30, "then": ["b"]}, b=size)
    assert find_target("a").then == ("b",)
