"""The template as data, short forms such as ``!Ref`` spelled out."""

from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from driftgate.settings import project_root

TEMPLATE = project_root() / "infra" / "training.yaml"


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The parsed template of the training stack."""
    return dict(cfn_yaml.load(str(TEMPLATE)))


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its resources by name."""
    return dict(template["Resources"])


@pytest.fixture(scope="session")
def statements(resources: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Who of ``PERMISSIONS`` → the statements of its policies, conditional ones too."""

    def of(documents: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for document in documents:
            for one in document["Statement"]:
                yield one["Fn::If"][1] if "Fn::If" in one else one

    def inline(role: str) -> list[dict[str, Any]]:
        return [policy["PolicyDocument"] for policy in resources[role]["Properties"]["Policies"]]

    airflow = [resources["AirflowPolicy"]["Properties"]["PolicyDocument"]]
    found = {"airflow": airflow, "job": inline("JobRole"), "start": inline("ExecutionRole")}
    return {who: list(of(documents)) for who, documents in found.items()}
