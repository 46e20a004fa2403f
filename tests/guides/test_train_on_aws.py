"""What the guide and the commented examples tell people to write is read by the code that will read it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.compute.batch import BatchBackend
from driftgate.compute.ecs import EcsBackend
from driftgate.compute.local import LocalBackend
from driftgate.compute.targets import Targets, _parse
from driftgate.ledger.prices import Machine, price
from driftgate.records import parse_record
from driftgate.settings import project_root

ROOT = project_root()
GUIDE = ROOT / "docs" / "guides" / "train-on-aws.md"


def blocks(language: str) -> list[str]:
    """Return the guide's code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def written(tmp_path: Path, text: str) -> Targets:
    """Return what ``compute.yaml`` with this text means."""
    path = tmp_path / "compute.yaml"
    path.write_text(text)
    return _parse(path, 0)


@pytest.fixture
def shown(tmp_path: Path) -> Targets:
    [block] = blocks("yaml")
    return written(tmp_path, block)


def commented() -> dict[str, Any]:
    """Return the commented targets of ``include/compute.yaml`` as if somebody had uncommented them."""
    lines = re.findall(r"^#(  \w+: \{backend.*)$", (ROOT / "include/compute.yaml").read_text(), re.MULTILINE)
    return dict(yaml.safe_load("targets:\n" + "\n".join(lines))["targets"])


def test_the_targets_of_the_guide_are_taken(shown: Targets) -> None:
    assert set(shown.targets) == {"local_small", "batch_cpu", "batch_spot", "batch_gpu", "ecs"}
    assert shown.targets["batch_spot"].then == ("batch_cpu",)
    assert shown.auto is not None and shown.auto.remote_gpu == "batch_gpu"


def test_the_commented_targets_say_the_same(shown: Targets) -> None:
    examples = parse_record({"targets": commented()}, Targets, where="compute.yaml")
    for name, target in examples.targets.items():
        assert target == shown.targets[name].model_copy(update={"secrets": {}}), name
    assert set(examples.targets) == set(shown.targets) - {"local_small"}


def test_its_backend_takes_the_form_of_each(shown: Targets) -> None:
    kinds = {"local": LocalBackend, "batch": BatchBackend, "ecs": EcsBackend}
    for name, target in shown.targets.items():
        kinds[target.backend](name, target)


def test_the_price_of_each_machine_is_known(shown: Targets) -> None:
    for name in ("batch_cpu", "batch_spot", "batch_gpu"):
        assert price(Machine.of_target(shown.targets[name])).usd_per_hour is not None, name


def test_commands_name_what_there_is() -> None:
    text = "\n".join(blocks("sh"))
    assert "infra/training.yaml" in text and (ROOT / "infra" / "training.yaml").exists()
    given = set(
        re.findall(
            r"\b([A-Z]\w+)=\S+", text.split("--parameter-overrides", 1)[1].split("aws cloudformation describe", 1)[0]
        )
    )
    template = (ROOT / "infra" / "training.yaml").read_text()
    parameters = set(re.findall(r"^  (\w+): \{Type", template, re.MULTILINE))
    needed = set(re.findall(r"^  (\w+): \{Type(?!.*Default)", template, re.MULTILINE))
    assert needed <= given <= parameters


def test_outputs_of_the_stack_that_the_guide_names_exist() -> None:
    template = (ROOT / "infra" / "training.yaml").read_text().split("\nOutputs:", 1)[1]
    assert "  SecurityGroup:" in template
    for queue in re.findall(r"queue: driftgate(-[\w-]+)", GUIDE.read_text()):
        assert f"${{Name}}{queue}" in template
