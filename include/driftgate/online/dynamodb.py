"""The online store in one DynamoDB table: partition key ``item``, sort key ``day``, both strings.

A snapshot is one item under its view and day that names its digest, written last; a row is an item under view and key,
whose sort key is the day with that digest. So a row is read by its whole key, in batches, and replacing a snapshot is
one write. Rows that no snapshot names any more go by the table's time to live (attribute ``expires``).
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from driftgate.errors import ConfigError, Conflict
from driftgate.online.rows import digest_of, is_about, key_text, written
from driftgate.online.store import KEEP_DAYS, Key, Snapshot, Values

WRITTEN_AT_ONCE, READ_AT_ONCE = 25, 100  # what DynamoDB takes in one call
ATTEMPTS = 8  # of what it did not get to in a call
DAY_SECONDS = 86_400


class DynamoStore:
    """Snapshots in a table, which must exist: see :meth:`create_table`."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.client = _client(os.environ.get("AWS_ENDPOINT_URL"))

    def create_table(self) -> None:
        """Create the table with its time to live; for tests and a first try, where no template does it."""
        columns = ("item", "HASH"), ("day", "RANGE")
        self.client.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in columns],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in columns],
            BillingMode="PAY_PER_REQUEST",
        )
        self.client.get_waiter("table_exists").wait(TableName=self.table)
        self.client.update_time_to_live(
            TableName=self.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )

    def put_many(
        self, view: str, for_day: str, rows: Iterable[tuple[Key, Values]], *, key: Sequence[str], as_of: str = ""
    ) -> Snapshot:
        texts, as_of = written(view, rows), as_of or for_day
        digest = digest_of(texts)
        item = self._call("get_item", Key=_key(view, for_day), ConsistentRead=True).get("Item")
        known = _snapshot(item) if item else None
        if known and (known.as_of > as_of or (known.digest, known.as_of) == (digest, as_of)):
            return known
        same = known is not None and known.digest == digest  # the same rows are newer news
        if not same:
            self._write(_puts(view, for_day, digest, texts))
        pointer = {
            **_key(view, for_day),
            "as_of": {"S": as_of},
            "digest": {"S": digest},
            "forgotten": item["forgotten"] if item and same else {"N": "0"},
            "key": {"S": json.dumps(list(key))},
        }
        self._call("put_item", Item=pointer)
        self._drop_old(view)
        return _snapshot(pointer)

    def newest(self, view: str, day: str) -> Snapshot | None:
        found = self._query(view, day, 1)
        return _snapshot(found[0]) if found else None

    def get_many(self, snapshot: Snapshot, keys: Sequence[Key]) -> dict[Key, Values]:
        texts = {f"{snapshot.view}#{key_text(key)}": key for key in keys}
        asked = iter(
            _row_key(snapshot.view, key_text(key), snapshot.for_day, snapshot.digest) for key in texts.values()
        )
        found = {}
        while some := list(islice(asked, READ_AT_ONCE)):
            for item in self._read(some):
                found[texts[item["item"]["S"]]] = json.loads(item["body"]["S"])
        return found

    def forget(self, subject: Mapping[str, str | int]) -> int:
        snapshots, rows = self._scan()
        names = {one["item"]["S"]: json.loads(one["key"]["S"]) for one in snapshots}
        about = [row for row in rows if _is_about(row, names, subject)]
        self._write({"DeleteRequest": {"Key": {name: row[name] for name in ("item", "day")}}} for row in about)
        touched = {(row["item"]["S"].partition("#")[0], row["day"]["S"].partition("#")[0]) for row in about}
        for view, day in sorted(touched & {(one["item"]["S"], one["day"]["S"]) for one in snapshots}):
            self._call(
                "update_item",
                Key=_key(view, day),
                UpdateExpression="ADD forgotten :one",  # readers keep what they read of an edition
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        return len(about)

    def expire(self, before: str) -> int:
        snapshots, rows = self._scan()
        old = [item for item in (*snapshots, *rows) if item["day"]["S"] < before]
        self._write({"DeleteRequest": {"Key": {name: item[name] for name in ("item", "day")}}} for item in old)
        return sum(1 for item in old if "digest" in item)

    def _drop_old(self, view: str) -> None:
        days = [item["day"]["S"] for item in self._query(view, "9", None)]
        self._write({"DeleteRequest": {"Key": _key(view, day)}} for day in days[KEEP_DAYS:])

    def _query(self, view: str, day: str, limit: int | None) -> list[dict[str, Any]]:
        """Return the snapshots of a view up to a day, newest first."""
        answer = self._call(
            "query",
            KeyConditionExpression="#item = :view AND #day <= :day",
            ExpressionAttributeNames={"#item": "item", "#day": "day"},
            ExpressionAttributeValues={":view": {"S": view}, ":day": {"S": day}},
            ScanIndexForward=False,
            ConsistentRead=True,
            **({"Limit": limit} if limit else {}),
        )
        found: list[dict[str, Any]] = answer["Items"]
        return found

    def _scan(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return every snapshot and every row, without values."""
        names = {"#item": "item", "#day": "day", "#key": "key", "#digest": "digest"}
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table, ProjectionExpression=", ".join(names), ExpressionAttributeNames=names
        )
        items = [item for page in pages for item in page["Items"]]
        return [item for item in items if "digest" in item], [item for item in items if "digest" not in item]

    def _write(self, requests: Iterable[dict[str, Any]]) -> None:
        waiting = iter(requests)
        while some := list(islice(waiting, WRITTEN_AT_ONCE)):
            for pause in _pauses():
                answer = self._call("batch_write_item", RequestItems={self.table: some})
                some = answer.get("UnprocessedItems", {}).get(self.table)
                if not some:
                    break
                time.sleep(pause)
            else:
                raise Conflict(f"DynamoDB table {self.table} does not take all rows at this rate; try again.")

    def _read(self, keys: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for pause in _pauses():
            answer = self._call("batch_get_item", RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}})
            yield from answer["Responses"][self.table]
            keys = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys")
            if not keys:
                return
            time.sleep(pause)
        raise Conflict(f"DynamoDB table {self.table} does not give all rows at this rate; try again.")

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        named = {} if operation.startswith("batch_") else {"TableName": self.table}
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**named, **arguments)
        except self.client.exceptions.ResourceNotFoundException:
            raise ConfigError(
                f"DynamoDB has no table {self.table!r} in this account and region; create it (keys 'item' and 'day'), "
                "or correct 'online' in the settings."
            ) from None
        return answer


def _is_about(row: dict[str, Any], names: dict[str, list[str]], subject: Mapping[str, str | int]) -> bool:
    view, _, text = row["item"]["S"].partition("#")
    return view in names and is_about(text, names[view], subject)


def _key(view: str, day: str) -> dict[str, Any]:
    return {"item": {"S": view}, "day": {"S": day}}


def _row_key(view: str, text: str, for_day: str, digest: str) -> dict[str, Any]:
    return {"item": {"S": f"{view}#{text}"}, "day": {"S": f"{for_day}#{digest}"}}


def _snapshot(item: dict[str, Any]) -> Snapshot:
    digest, forgotten = item["digest"]["S"], item["forgotten"]["N"]
    return Snapshot(item["item"]["S"], item["day"]["S"], item["as_of"]["S"], digest, f"{digest}.{forgotten}")


def _puts(view: str, for_day: str, digest: str, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    # How long a row is kept is no fact about the data, so it counts from the clock.
    expires = {"N": str(int(time.time()) + (KEEP_DAYS + 1) * DAY_SECONDS)}
    for text, body in texts.items():
        row = {**_row_key(view, text, for_day, digest), "body": {"S": body}, "expires": expires}
        yield {"PutRequest": {"Item": row}}


def _pauses() -> Iterator[float]:
    return (0.02 * 2**attempt for attempt in range(ATTEMPTS))


@cache
def _client(_: str | None) -> Any:
    """One client for the process and endpoint: making one takes a tenth of a second, and threads may share it.

    Short waits, because a request waits for the answer: the endpoint goes on without values, a task tries again.
    """
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb", config=Config(connect_timeout=0.5, read_timeout=2, retries={"total_max_attempts": 2})
    )
