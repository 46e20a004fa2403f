"""``target: auto`` at its boundaries, and what is refused of the section that decides it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from driftgate.compute import status
from driftgate.compute.auto import choose
from driftgate.compute.targets import find_target, target_names
from driftgate.errors import ConfigError

MIB = 2**20
LOCAL = {"backend": "local", "vcpu": 1, "memory_mib": 4096, "timeout_minutes": 5}
BATCH = {"backend": "batch", "vcpu": 8, "memory_mib": 30000, "timeout_minutes": 60, "queue": "q"}


@pytest.fixture
def auto(compute_yaml: Callable[..., None]) -> Callable[[str], None]:
    """Write three targets and this section ``auto``."""
    return lambda section: compute_yaml(yaml.safe_load(section), here=LOCAL, there=BATCH, gpu={**BATCH, "gpu": 1})


@pytest.mark.parametrize(
    ("size", "section", "chosen", "reason"),
    [
        (99, "local_max_bytes: 100, memory_per_byte: 1", "here", "below 0.0 MiB"),
        (100, "local_max_bytes: 100, memory_per_byte: 1", "there", "local below 0.0 MiB"),
        (2**31 - 1, "memory_per_byte: 1", "here", "2048.0 MiB of rows, below 2048.0 MiB"),
        (2**31, "memory_per_byte: 1", "there", "local below 2048.0 MiB"),
        (96 * MIB, "memory_base_mib: 256, memory_per_byte: 40", "here", "4096 MiB of memory expected"),
        (96 * MIB + 16384 * 2, "memory_base_mib: 256, memory_per_byte: 40", "there", "here has 4096 MiB"),
    ],
)
def test_small_data_stay_here(auto, size: int, section: str, chosen: str, reason: str) -> None:
    auto(f"{{local: here, remote: there, {section}}}")
    choice = choose(size, needs_gpu=False)
    assert choice.target == chosen
    assert reason in choice.reason
    assert len(choice.reason) <= 256  # of a tag


def test_what_needs_a_gpu_goes_where_one_is(auto) -> None:
    auto("{local: here, remote: there, remote_gpu: gpu}")
    assert choose(1, needs_gpu=True).target == "gpu"
    assert choose(1, needs_gpu=True).reason == "auto: needs a GPU and here has none"
    auto("{local: here, remote: there}")
    assert choose(1, needs_gpu=True).target == "there"


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{local: here, remote: ther}", r"key 'auto\.remote' names 'ther', which is no target.*there"),
        ("{local: there, remote: here}", "key 'auto.local' names 'there', whose backend is not local"),
        ("{local: here, remote: there, remote_gpu: there}", "which has no GPU"),
        ("{local: here, remote: there, local_max_bytes: 0}", "auto.local_max_bytes"),
    ],
)
def test_a_section_that_cannot_decide_is_refused(auto, section: str, sentence: str) -> None:
    auto(section)
    with pytest.raises(ConfigError, match=sentence):
        target_names()


def test_no_target_may_be_called_auto(compute_yaml: Callable[..., None]) -> None:
    compute_yaml(here=LOCAL, auto=BATCH)
    with pytest.raises(ConfigError, match="no target may be called 'auto'"):
        target_names()


def test_without_the_section_it_says_what_to_write(compute_yaml: Callable[..., None]) -> None:
    compute_yaml(here=LOCAL)
    with pytest.raises(ConfigError, match=r"needs a section 'auto' in .*compute.yaml.*auto: \{local: local_small"):
        choose(1, needs_gpu=False)


def test_a_job_that_nobody_knows_is_looked_for_where_small_ones_go(auto, project_home: Path) -> None:
    auto("{local: here, remote: there}")
    assert status("unknown", "auto").state == "lost"
    with pytest.raises(ConfigError, match="There is no compute target 'auto'"):
        find_target("auto")
