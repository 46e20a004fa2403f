"""Taking rows out of one folder of the lake for good: out of what it holds now, and out of all that it ever held.

Content that held them is replaced, in the past too, by the same content without them; the files that hold them are
deleted. Manifests stay, as the tombstones of what they named. Dying at any moment leaves what running again finishes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftgate.governance.subject import Marks
from driftgate.lake import Manifest, Store, manifests_of, publish, read_batches, replace_content

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Erased:
    """What was done in one folder: how many rows went, of the content that had most, and which content was replaced."""

    rows: int = 0
    replaced: dict[str, str] = field(default_factory=dict)  # hash of a manifest to that of the one in its place


def erase_rows(store: Store, path: str, marked: Marks, *, inputs: dict[str, str] | None = None) -> Erased:
    """Erase the rows that ``marked`` finds from the folder ``path`` and from its past.

    :param inputs: hashes that take the place of others in ``Manifest.inputs``: what the content was made from was
        itself replaced
    """
    manifests = manifests_of(store, path)
    held = _held(store, manifests, marked)
    replaced = {}
    for manifest in manifests:
        names = {file.name for file in manifest.files}
        if held.keys() & names and _whole(store, path, names):
            replaced[manifest.hash] = _without(store, manifest, marked, inputs or {}).hash
    replace_content(store, path, replaced)
    for name in held:
        store.delete(f"{path}/{name}")
    return Erased(max(held.values(), default=0), replaced)


def holds(store: Store, path: str, marked: Marks) -> frozenset[str]:
    """Return the hashes of the manifests of the folder ``path`` whose rows ``marked`` finds; nothing is changed."""
    manifests = manifests_of(store, path)
    held = _held(store, manifests, marked)
    return frozenset(manifest.hash for manifest in manifests if held.keys() & {file.name for file in manifest.files})


def _without(store: Store, manifest: Manifest, marked: Marks, inputs: dict[str, str]) -> Manifest:
    import pyarrow.parquet as pq

    with store.local(f"{manifest.path}/{manifest.files[0].name}") as local:
        schema = pq.read_schema(local)
    return publish(
        store,
        manifest.path,
        _kept(store, manifest, marked),
        schema=schema,
        contract=manifest.contract,
        inputs=tuple(inputs.get(digest, digest) for digest in manifest.inputs),
        outcomes=manifest.outcomes,
        dropped=manifest.dropped,
        current=False,
    )


def _kept(store: Store, manifest: Manifest, marked: Marks) -> "Iterator[pa.RecordBatch]":
    import pyarrow.compute as pc

    for batch in read_batches(store, manifest):
        yield batch.filter(pc.invert(marked(batch)))


def _count(store: Store, path: str, marked: Marks) -> int:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with store.local(path) as local:
        file = pq.ParquetFile(local)
        columns = [name for name in marked.columns if name in file.schema_arrow.names]
        return sum(pc.sum(marked(batch)).as_py() or 0 for batch in file.iter_batches(columns=columns))


def _held(store: Store, manifests: list[Manifest], marked: Marks) -> dict[str, int]:
    """Return the files that hold such rows, and how many."""
    paths = {file.name: f"{manifest.path}/{file.name}" for manifest in manifests for file in manifest.files}
    counts = {name: _count(store, path, marked) for name, path in sorted(paths.items()) if store.exists(path)}
    return {name: count for name, count in counts.items() if count}


def _whole(store: Store, path: str, names: set[str]) -> bool:
    """Whether the files are all there: a sweep or an erasure that died has replaced the content of the others."""
    return all(store.exists(f"{path}/{name}") for name in names)
