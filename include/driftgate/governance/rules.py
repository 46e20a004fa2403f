"""Retention rules: one list, from which both the local sweep and the S3 lifecycle configuration follow."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from driftgate.captures.compaction import MAX_DELAY_DAYS
from driftgate.contracts import Contract, contract_names, load_contract
from driftgate.governance.data_classes import DataClass, DataClasses, Transition, data_classes
from driftgate.lake import StoredObject
from driftgate.records import Record
from driftgate.use_cases import load_use_case, use_case_names

DATASET_ZONES = ("raw", "validated", "quarantine")
NONCURRENT_DAYS = 7  # S3 keeps what was deleted or replaced this long, against slips of a hand
STANDARD = "STANDARD"
DRAFT_DAYS = 7  # of a model package; registering takes minutes, and Airflow tries it again within hours


class RetentionRule(Record):
    """What happens to the objects below ``prefix``.

    ``days`` after it was written an object ends; None keeps it. ``storage_may_delete`` is false where a dataset version
    may still need the object: only the sweep knows that, so the lifecycle of S3 must leave it alone.
    """

    prefix: str
    days: int | None
    transitions: tuple[Transition, ...] = ()
    storage_may_delete: bool = True
    personal: bool = False
    because: str

    def ends_on(self, written_at: datetime) -> date | None:
        """Return the first day without the object. As in S3: the days after it was written, then the next midnight."""
        return _next_midnight(written_at, self.days) if self.days else None

    def tier_on(self, written_at: datetime, today: date) -> str:
        """Return the storage class that the object has by now, where there are such."""
        due = [item for item in self.transitions if _next_midnight(written_at, item.after_days) <= today]
        return due[-1].storage_class if due else STANDARD


def retention_rules() -> list[RetentionRule]:
    """Return the rules of this project; no object falls under two of them.

    :raises ConfigError: the file of classes or a contract is wrong, or they do not go together
    """
    classes = data_classes()
    contracts = {name: load_contract(name) for name in contract_names()}
    return [
        *(rule for contract in contracts.values() for rule in _of_dataset(contract, classes)),
        *(rule for name in use_case_names() for rule in _of_use_case(name, contracts, classes)),
        *_of_zones(classes),
    ]


def rule_of(item: StoredObject, rules: list[RetentionRule]) -> RetentionRule | None:
    """Return the rule that an object falls under; None: nothing was said, so it is kept."""
    return next((rule for rule in rules if item.path.startswith(rule.prefix)), None)


def lifecycle(rules: list[RetentionRule], *, prefix: str = "") -> dict[str, Any]:
    """Return the lifecycle configuration of the bucket, as ``put_bucket_lifecycle_configuration`` takes it.

    :param prefix: the folder of the lake inside its bucket
    """
    root = f"{prefix}/" if prefix else ""
    return {"Rules": [_lifecycle_rule(rule, root) for rule in rules if rule.transitions or rule.days]}


def _lifecycle_rule(rule: RetentionRule, root: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ID": rule.prefix.rstrip("/").replace("/", "-"),
        "Filter": {"Prefix": f"{root}{rule.prefix}"},
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1 if rule.personal else NONCURRENT_DAYS},
    }
    if rule.transitions:
        answer["Transitions"] = [
            {"Days": item.after_days, "StorageClass": item.storage_class} for item in rule.transitions
        ]
    if rule.days and rule.storage_may_delete:
        answer["Expiration"] = {"Days": rule.days}
    return answer


def _of_dataset(contract: Contract, classes: DataClasses) -> Iterator[RetentionRule]:
    own = classes.of(contract)
    for zone in DATASET_ZONES:
        days = _days(contract, own, zone)
        yield RetentionRule(
            prefix=f"{zone}/{contract.name}/",
            days=days,
            transitions=tuple(item for item in own.transitions if days is None or item.after_days < days),
            storage_may_delete=zone != "validated" or own.personal,
            personal=own.personal,
            because=f"class {own.name}{', legal hold' if own.legal_hold else ''}",
        )


def _days(contract: Contract, own: DataClass, zone: str) -> int | None:
    if own.legal_hold:
        return None
    limits = (contract.retention_days, own.retention_days, dict(own.zones).get(zone))  # type: ignore[call-overload]
    return min(days for days in limits if days)


def _of_use_case(name: str, contracts: dict[str, Contract], classes: DataClasses) -> Iterator[RetentionRule]:
    """Captures, joined answers and prepared days hold what was asked: they end with personal data."""
    use_case = load_use_case(name)
    read = [contracts[dataset] for dataset in use_case.datasets if dataset in contracts]
    personal = [contract for contract in read if classes.of(contract).personal]
    held = any(classes.of(contract).legal_hold for contract in read)
    captured = _limited(classes, "captures", f"captures/{name}/", personal, held=held)
    yield _captured(captured, use_case.serve.capture.retention_days)
    for zone, folder in (("reports", "reports/monitoring"), ("prepared", "prepared")):
        yield _limited(classes, zone, f"{folder}/{name}/", personal, held=held)


def _captured(rule: RetentionRule, retention_days: int | None) -> RetentionRule:
    """Return the rule of captures: the use case may shorten it, and compaction must not stretch it."""
    if rule.days is None:
        return rule
    days = min(rule.days, retention_days or rule.days)
    if rule.personal or retention_days:
        days = max(1, days - MAX_DELAY_DAYS)
    return rule.model_copy(update={"days": days})


def _limited(classes: DataClasses, zone: str, prefix: str, personal: list[Contract], *, held: bool) -> RetentionRule:
    policy = dict(classes.zones).get(zone)  # type: ignore[call-overload]
    ends = [days for contract in personal if (days := _days(contract, classes.of(contract), "validated"))]
    if policy and policy.retention_days:
        ends.append(policy.retention_days)
    kept = held or (policy is not None and policy.legal_hold)
    return RetentionRule(
        prefix=prefix,
        days=None if kept else min(ends, default=None),
        personal=bool(personal),
        because=f"zone {zone}{', legal hold' if kept else ''}",
    )


def _of_zones(classes: DataClasses) -> Iterator[RetentionRule]:
    for name in contract_names():
        contract = load_contract(name)
        own = classes.of(contract)
        personal = [contract] if own.personal else []
        yield _limited(classes, "profiles", f"profiles/{name}/", personal, held=own.legal_hold)
        yield _limited(classes, "reports", f"reports/validation/{name}/", personal, held=own.legal_hold)
    yield _limited(classes, "jobs", "jobs/", [], held=False)
    yield RetentionRule(prefix="drafts/", days=DRAFT_DAYS, because="a registration that nobody finished")


def _next_midnight(written_at: datetime, days: int) -> date:
    moment = written_at.astimezone(UTC) + timedelta(days=days)
    return moment.date() if moment.time() == time.min else moment.date() + timedelta(days=1)
