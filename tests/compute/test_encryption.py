"""Which machines encrypt what they send each other, by what AWS itself says of them."""

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from driftgate.compute.batch import BatchBackend
from driftgate.compute.encryption import ENCRYPTING, plain_families, why_readable
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError

NODES = {"backend": "batch", "vcpu": 8, "memory_mib": 30000, "timeout_minutes": 60, "queue": "q", "nodes": 2}
NODES |= {"image": f"r@sha256:{'0' * 64}", "job_role": "arn:aws:iam::123456789012:role/driftgate-job"}


def test_every_listed_family_encrypts_in_each_of_its_sizes() -> None:
    known: dict[str, set[bool]] = {}
    for name, about in INSTANCE_TYPES.items():  # DescribeInstanceTypes of AWS, as moto's release has it
        family = name.partition(".")[0]
        known.setdefault(family, set()).add(bool(about.get("NetworkInfo", {}).get("EncryptionInTransitSupported")))
    assert {family: known[family] for family in ENCRYPTING if known[family] != {True}} == {}


@pytest.mark.parametrize("kind", ["p3.8xlarge", "g5g.xlarge", "c5.large", "optimal", "brandnew.large"])
def test_what_is_not_known_to_encrypt_counts_as_plain(kind: str) -> None:
    assert plain_families([kind, "g5.xlarge"]) == [kind.partition(".")[0]]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "nodes: 2 and no instance_type"),
        ({"instance_type": "p3.8xlarge"}, "nodes: 2 on p3.8xlarge, which does not encrypt"),
        ({"instance_type": "g5.12xlarge"}, ""),
        ({"instance_type": "p3.8xlarge", "tunnel": "WireGuard between the hosts, runbook 12"}, ""),
        ({"nodes": 1}, ""),
    ],
)
def test_nodes_that_can_be_overheard_are_refused(changes: dict[str, object], sentence: str) -> None:
    target = Target.model_validate({**NODES, **changes})
    assert sentence in why_readable(target)
    assert bool(sentence) == bool(why_readable(target))
    if sentence:
        with pytest.raises(ConfigError, match=sentence):
            BatchBackend("wide", target)
    else:
        BatchBackend("wide", target)
