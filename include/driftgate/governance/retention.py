"""The sweep: what has reached its end, what is kept all the same and why, and the deletion itself."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from driftgate.errors import ConfigError
from driftgate.governance.protection import protected_partitions, protected_versions
from driftgate.governance.rules import RetentionRule, retention_rules, rule_of
from driftgate.lake import StoredObject, lake
from driftgate.lake.manifest import POINTER
from driftgate.metadata import metadata
from driftgate.records import Record

KIND = "sweep"
ZONES = ("raw", "validated", "quarantine", "captures", "profiles", "reports", "prepared", "jobs", "drafts")


class Ended(Record):
    """An object whose time is over since the day ``since``."""

    path: str
    bytes: int
    since: date
    because: str


class Usage(Record):
    """How much lies in one zone, by the storage class that S3 would have it in by now."""

    zone: str
    objects: int
    bytes: int
    tiers: dict[str, int]


class RetentionPlan(Record):
    """What a sweep on the day ``today`` deletes, and what it keeps though its time is over, with the reason."""

    schema_version: int = 1
    today: date
    ended: tuple[Ended, ...]
    kept: dict[str, str]
    usage: tuple[Usage, ...]

    @property
    def bytes(self) -> int:
        """How much the sweep frees."""
        return sum(item.bytes for item in self.ended)


def plan_retention(today: date) -> RetentionPlan:
    """Return what has reached its end on the day ``today``; nothing is deleted.

    Retention wins over reproducibility for classes with personal data only: other partitions that the dataset version
    of a champion, its predecessor, a candidate under way or a held model was made from are kept, and listed.

    :raises ConfigError: a rule is wrong, or a version that must be protected cannot be read
    """
    rules, store = retention_rules(), lake()
    objects = [item for zone in ZONES for item in store.objects(zone)]
    pinned = protected_partitions(protected_versions())
    ended, kept = [], {}
    for item in objects:
        rule = rule_of(item, rules)
        since = rule.ends_on(item.written_at) if rule else None
        if rule is None or since is None or since > today:
            continue
        if (partition := _partition(item)) in pinned and not rule.storage_may_delete:
            kept[partition] = pinned[partition]
        else:
            ended.append(Ended(path=item.path, bytes=item.bytes, since=since, because=rule.because))
    ended.sort(key=lambda item: (_partition_of(item.path), not item.path.endswith(f"/{POINTER}"), item.path))
    return RetentionPlan(today=today, ended=tuple(ended), kept=kept, usage=_usage(objects, rules, today))


def sweep(plan: RetentionPlan, *, by: str, reason: str) -> int:
    """Delete what ``plan`` says and record who did so; return how many objects are gone.

    The pointer of a partition goes first: whoever reads meanwhile finds nothing published rather than half of it. A
    sweep that died is finished by the next one.
    """
    if not by or not reason:
        raise ConfigError("A sweep is recorded with who asked for it and why; give both.")
    for item in plan.ended:
        lake().delete(item.path)
    if plan.ended:
        partitions = sorted({_partition_of(item.path) for item in plan.ended})
        body = {"by": by, "reason": reason, "objects": len(plan.ended), "bytes": plan.bytes, "deleted": partitions}
        metadata().append(KIND, plan.today.isoformat(), body)
    return len(plan.ended)


def _usage(objects: list[StoredObject], rules: list[RetentionRule], today: date) -> tuple[Usage, ...]:
    tiers: Mapping[str, dict[str, int]] = {zone: defaultdict(int) for zone in ZONES}
    count: dict[str, int] = defaultdict(int)
    for item in objects:
        zone, rule = item.path.partition("/")[0], rule_of(item, rules)
        tiers[zone][rule.tier_on(item.written_at, today) if rule else "STANDARD"] += item.bytes
        count[zone] += 1
    return tuple(
        Usage(zone=zone, objects=count[zone], bytes=sum(sizes.values()), tiers=dict(sizes))
        for zone, sizes in tiers.items()
    )


def _partition(item: StoredObject) -> str:
    return _partition_of(item.path)


def _partition_of(path: str) -> str:
    """Return the folder of the partition that an object belongs to, its first three names."""
    return "/".join(path.split("/")[:3])
