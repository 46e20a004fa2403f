"""Whether the nodes of one job can be overheard: the sockets of gloo and NCCL are plain text."""

from collections.abc import Iterable

from driftgate.compute.targets import Target

# Families whose machines encrypt what they send each other inside one VPC or peered ones, in one Region, as AWS itself
# says: EncryptionInTransitSupported of DescribeInstanceTypes, read 2026-11-25. A test compares it with moto's copy.
ENCRYPTING = {"c5a", "c5n", "c6a", "c6gn", "c6i", "c6id", "c6in", "c7a", "c7g", "c7gd", "c7gn", "c7i",
    "c7i-flex", "c8a", "c8g", "c8gd", "c8gn", "c8i", "m5dn", "m5n", "m5zn", "m6a", "m6i", "m6id", "m6idn",
    "m6in", "m7a", "m7g", "m7gd", "m7i", "m7i-flex", "m8a", "m8g", "m8gd", "m8i", "r5dn", "r5n", "r6a", "r6i",
    "r6id", "r6idn", "r6in", "r7a", "r7g", "r7gd", "r7i", "r7iz", "r8a", "r8g", "r8gd", "r8i", "x2idn",
    "x2iedn", "x2iezn", "x8g", "g4dn", "g5", "g6", "g6e", "g6f", "g7e", "gr6", "p3dn", "p4d", "p4de", "p5",
    "p5e", "p5en", "p6-b200", "p6-b300", "inf2", "trn1", "trn1n", "trn2",
    "hpc6a", "hpc6id", "hpc7a", "hpc7g"}  # fmt: skip


def why_readable(target: Target) -> str:
    """Return why the traffic between the nodes of a target's jobs could be read by others, or nothing."""
    if target.nodes == 1 or target.tunnel:
        return ""
    if target.instance_type is None:
        return (
            f"has nodes: {target.nodes} and no instance_type, so nobody knows whether what they send each other is "
            f"encrypted; name one of a family that does that, such as g5, or the 'tunnel' that does."
        )
    if plain_families([target.instance_type]):
        return (
            f"has nodes: {target.nodes} on {target.instance_type}, which does not encrypt what they send each other; "
            f"name a type of a family that does, such as g5, or the 'tunnel' that does."
        )
    return ""


def plain_families(instance_types: Iterable[str]) -> list[str]:
    """Return the families among these instance types, or families, that are not known to encrypt."""
    return sorted({one.partition(".")[0] for one in instance_types} - ENCRYPTING)
