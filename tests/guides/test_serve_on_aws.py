"""What the guide tells people to write is read by the code that will read it."""

import re
from typing import Any

import yaml

from driftgate.scaling_policy import Scaling
from driftgate.settings import EndpointSettings, project_root

ROOT = project_root()
GUIDE = (ROOT / "docs" / "guides" / "serve-on-aws.md").read_text()


def blocks(language: str) -> list[Any]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_its_sections_are_taken() -> None:
    scaling, endpoint = (yaml.safe_load(block) for block in blocks("yaml"))
    assert Scaling.model_validate(scaling["scaling"]).min == 2
    assert EndpointSettings.model_validate(endpoint["endpoint"]).backend == "sagemaker"


def test_its_command_gives_every_parameter_that_has_no_default() -> None:
    [command] = blocks("sh")
    template = (ROOT / "infra" / "serving.yaml").read_text()
    ours, _, _ = template.partition("# ---- from the use case")
    needed = set(re.findall(r"^  (\w+): \{Type(?!.*Default)", ours, re.MULTILINE))
    assert needed == set(re.findall(r"\b([A-Z]\w+)=\S+", command))
