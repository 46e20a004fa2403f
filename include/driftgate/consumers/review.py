"""The month's review of consumers: what each used, and what of the file is not as it should be."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from driftgate.consumers.consumer import EVERY_USE_CASE, Consumer
from driftgate.consumers.usage import Usage


@dataclass
class Sums:
    """What one consumer did in the period."""

    calls: int = 0
    refused: int = 0
    rows: int = 0
    seconds: float = 0
    slowest: float = 0
    scopes: set[str] = field(default_factory=set)
    use_cases: set[str] = field(default_factory=set)

    @property
    def mean_ms(self) -> float:
        """Mean time of a call."""
        return 1000 * self.seconds / self.calls if self.calls else 0.0


def sums(usages: Iterable[Usage]) -> dict[str | None, Sums]:
    """Return the sums of each consumer; None is whoever showed no key that counts."""
    found: dict[str | None, Sums] = defaultdict(Sums)
    for used in (one for usage in usages for one in usage.used):
        one = found[used.consumer]
        one.calls += used.calls
        one.seconds += used.seconds
        one.slowest = max(one.slowest, used.slowest)
        if used.status != 200:
            one.refused += used.calls
            continue
        one.rows += used.rows
        one.scopes.add(used.scope)
        one.use_cases |= {used.use_case} if used.use_case else set()
    return dict(found)


def findings(consumers: Iterable[Consumer], usages: Iterable[Usage], *, asks_for_keys: bool) -> list[str]:
    """Return, as sentences, who was seen but is not registered, registered but idle, or may more than it uses."""
    usages = list(usages)
    used, told = sums(usages), []
    if asks_for_keys and (strangers := used.get(None)) and strangers.refused:
        shown = sorted({one.key_id for usage in usages for one in usage.refused if one.status == 401 and one.key_id})
        keys = f", with keys {', '.join(shown[:10])}" if shown else ""
        told.append(f"{strangers.refused} calls came from nobody who is registered{keys}.")
    there = {consumer.id: consumer for consumer in consumers}
    for name in sorted(one for one in used if one and one not in there):
        told.append(f"{name} asked and is not in the file any more.")
    for name, consumer in sorted(there.items()):
        told += _about(consumer, used.get(name, Sums()))
    return told


def _about(consumer: Consumer, used: Sums) -> list[str]:
    if not consumer.keys:
        return [f"{consumer.id} has no key; remove it from the file if it is gone for good."]
    if not used.rows and not used.scopes:
        return [f"{consumer.id} was answered nothing; ask {consumer.contact} whether it is still needed, or revoke it."]
    told = []
    if spare := sorted(set(consumer.scopes) - used.scopes):
        told.append(f"{consumer.id} has scopes that it did not use: {', '.join(spare)}.")
    if EVERY_USE_CASE in consumer.use_cases:
        told.append(f"{consumer.id} may ask every use case and asked {', '.join(sorted(used.use_cases)) or 'none'}.")
    elif idle := sorted(set(consumer.use_cases) - used.use_cases):
        told.append(f"{consumer.id} may ask use cases that it did not: {', '.join(idle)}.")
    return told
