"""Consumers come, get new keys and lose them: every change of the file of consumers."""

from datetime import UTC, datetime, timedelta

from driftgate.consumers.consumer import Consumer, Key
from driftgate.consumers.file import consumers_file, read_consumers, write_consumers
from driftgate.consumers.keys import new_key
from driftgate.errors import ConfigError, nearest
from driftgate.settings import environment


def add_consumer(consumer: Consumer) -> str:
    """Add a consumer and return its first key, which nobody can show again.

    :raises ConfigError: it is there
    """
    path = consumers_file()
    there = read_consumers(path)
    if any((one.id, one.environment) == (consumer.id, consumer.environment) for one in there):
        raise ConfigError(
            f"{path} has a consumer {consumer.id!r} for {consumer.environment} already; give it a new key by "
            f"'driftgate consumer rotate {consumer.id}', or name another."
        )
    text, key = new_key(consumer.environment, datetime.now(UTC))
    write_consumers(path, [*there, consumer.model_copy(update={"keys": (*consumer.keys, key)})])
    return text


def rotate_key(consumer_id: str, *, keep_hours: float) -> str:
    """Return a new key of a consumer of this environment; its older ones end after ``keep_hours``.

    :raises ConfigError: there is no such consumer
    """
    now = datetime.now(UTC)
    text, key = new_key(environment(), now)
    ends_at = now + timedelta(hours=keep_hours)

    def ending(one: Key) -> Key:
        return one if one.ends_at and one.ends_at < ends_at else one.model_copy(update={"ends_at": ends_at})

    consumer = _named(consumer_id)
    _replace(consumer, (*(ending(one) for one in consumer.keys if not one.ended(now)), key))
    return text


def revoke_keys(consumer_id: str, key_id: str | None = None) -> int:
    """Take keys of a consumer of this environment away, all or the one, and return how many.

    :raises ConfigError: there is no such consumer or key
    """
    consumer = _named(consumer_id)
    gone = [one for one in consumer.keys if key_id in (None, one.id)]
    if not gone:
        ids = [one.id for one in consumer.keys]
        raise ConfigError(f"{consumer_id} has no key {key_id or ''!r}{nearest(key_id or '', ids)}; nothing is revoked.")
    _replace(consumer, tuple(one for one in consumer.keys if one not in gone))
    return len(gone)


def _named(consumer_id: str) -> Consumer:
    there = [one for one in read_consumers(consumers_file()) if one.environment == environment()]
    for one in there:
        if one.id == consumer_id:
            return one
    raise ConfigError(
        f"{consumers_file()} has no consumer {consumer_id!r} for {environment()}"
        f"{nearest(consumer_id, [one.id for one in there])}; add it by 'driftgate consumer add'."
    )


def _replace(consumer: Consumer, keys: tuple[Key, ...]) -> None:
    path = consumers_file()
    changed = consumer.model_copy(update={"keys": keys})
    write_consumers(path, [changed if one == consumer else one for one in read_consumers(path)])
