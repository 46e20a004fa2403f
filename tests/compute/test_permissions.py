"""The one list of permissions is what the code calls, and what the guide shows."""

import re

import boto3
import pytest

from driftgate.compute.permissions import IMPLIED, PERMISSIONS, action_of
from driftgate.settings import project_root

ROOT = project_root()
SERVICES = ("batch", "ecs", "logs")


def called() -> set[str]:
    """Return every action of ``SERVICES`` that the compute room has boto3 call, by the names of its methods."""
    source = "\n".join(path.read_text() for path in (ROOT / "include/driftgate/compute").glob("*.py"))
    words = set(re.findall(r"\.(\w+)\(", source)) | set(re.findall(r"""get_paginator\(\s*["'](\w+)["']""", source))
    found = set()
    for service in SERVICES:
        mapping = boto3.client(service, region_name="eu-west-1").meta.method_to_api_mapping
        found |= {f"{service}:{mapping[word]}" for word in words & set(mapping)}
    return found


def test_airflow_may_do_what_the_code_calls_and_nothing_else() -> None:
    services = {action.partition(":")[0] for action in called()}
    listed = {action for action in PERMISSIONS["airflow"] if action.partition(":")[0] in services} - IMPLIED
    assert {"batch", "logs"} <= services
    assert called() - listed == set(), "List these in driftgate.compute.permissions."
    assert listed - called() == set(), "Nothing calls these any more; remove them from driftgate.compute.permissions."


@pytest.mark.parametrize("who", sorted(PERMISSIONS))
def test_the_guide_shows_the_list(who: str) -> None:
    text = (ROOT / "docs/guides/train-on-aws.md").read_text()
    section = text.split(f"<!-- permissions: {who} -->", 1)[1].split("<!--", 1)[0]
    shown = dict(re.findall(r"^\| `([\w:]+)` \| (.+?) \|$", section, re.MULTILINE))
    assert shown == PERMISSIONS[who], "Copy driftgate.compute.permissions into docs/guides/train-on-aws.md."


def test_a_refused_operation_is_named_as_a_policy_names_it() -> None:
    assert action_of("SubmitJob") == "batch:SubmitJob"
    assert action_of("DoWhatNobodyKnows") == "DoWhatNobodyKnows"
