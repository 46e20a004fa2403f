"""The evidence of an incident in one tar file, with the hash of everything in it; personal values are masked."""

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.contracts import load_contract
from driftgate.contracts.evidence import MASKED
from driftgate.errors import ConfigError
from driftgate.governance.redaction import redactor
from driftgate.incidents.incident import Incident
from driftgate.lake import lake
from driftgate.lineage import read_stream, verify
from driftgate.lineage.audit import audit
from driftgate.metadata import metadata
from driftgate.partition_keys import keys_between
from driftgate.records import Record, canonical_json, parse_record, sha256
from driftgate.signing import sign
from driftgate.use_cases import UseCase

MANIFEST, BUNDLE, SIGNATURE = "manifest.json", "bundle.tar", "manifest.signature.json"
HISTORIES = {"deployments": "deployment", "changes": "change", "freezes": "promotion_freeze"}


class BundleManifest(Record):
    """What is in a bundle: the sha256 of each file and of the tar itself, and what was wrong with the lineage then."""

    schema_version: int = 1
    incident: Incident
    files: dict[str, str]
    bundle_sha256: str
    broken_lineage: tuple[str, ...]


def export_bundle(use_case: UseCase, incident: Incident) -> BundleManifest:
    """Write requests, lineage, audits and the histories of traffic and models; what was exported once stays as it is.

    The manifest comes last: without it there is no bundle.

    :raises Tampered: an object of the lake is not what it says
    """
    store, folder = lake(), uris.incident(use_case.name, incident.id)
    if store.exists(f"{folder}/{MANIFEST}"):
        body = json.loads(store.read(f"{folder}/{MANIFEST}"))
        return parse_record(body, BundleManifest, where=store.uri(f"{folder}/{MANIFEST}"))
    with store.scratch() as scratch:
        files = _write_tar(scratch / BUNDLE, _contents(use_case, incident))
        digest = _sha256_of(scratch / BUNDLE)
        store.upload(f"{folder}/{BUNDLE}", scratch / BUNDLE)
    broken = tuple(verify(use_case.name))
    manifest = BundleManifest(incident=incident, files=files, bundle_sha256=digest, broken_lineage=broken)
    store.write(f"{folder}/{SIGNATURE}", sign("incident", manifest.canonical()).canonical())
    store.write(f"{folder}/{MANIFEST}", manifest.canonical())
    return manifest


def _contents(use_case: UseCase, incident: Incident) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file, one day of requests at a time."""
    yield "incident.json", incident.canonical()
    masked = _masking(use_case)
    for day in keys_between(incident.first_day, incident.last_day):
        yield f"requests/{day}.jsonl", _lines(map(masked, read_captures(use_case.name, day).to_pylist()))
    yield "lineage.jsonl", _lines(record.event for record in read_stream(use_case.name))
    for name, kind in HISTORIES.items():
        yield f"{name}.jsonl", _lines(_history(kind, use_case.name))
    states = [entry.subject for entry in metadata().all_latest("model_state", f"{use_case.name}/")]
    yield "model_states.jsonl", _lines(one for subject in states for one in _history("model_state", subject))
    for dataset in use_case.datasets:
        try:
            yield f"audit/{dataset}.csv", audit(dataset).encode()
        except ConfigError:  # no recorded run touched it
            continue


def _history(kind: str, subject: str) -> Iterator[dict[str, Any]]:
    for entry in metadata().history(kind, subject):
        when = entry.written_at.isoformat()
        yield {"subject": subject, "revision": entry.revision, "written_at": when, **entry.body}


def _masking(use_case: UseCase) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what masks a capture: columns of personal data by name, values that look personal by their form."""
    personal = {name for dataset in use_case.datasets for name in load_contract(dataset).masked}
    redacted = redactor()

    def row(text: str) -> dict[str, Any]:
        return {name: MASKED if name in personal else _clean(value) for name, value in json.loads(text).items()}

    def _clean(value: Any) -> Any:
        return redacted(value) if isinstance(value, str) else value

    def capture(found: dict[str, Any]) -> dict[str, Any]:
        told = {"request_key": row(found["request_key"]), "features": row(found["features"])}
        return {**found, "received_at": found["received_at"].isoformat(), "error": _clean(found["error"]), **told}

    return capture


def _lines(found: Iterable[Any]) -> bytes:
    return b"".join(canonical_json(one) + b"\n" for one in found)


def _write_tar(path: Path, contents: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Write a tar whose bytes follow from its contents alone, and return the hash of each file."""
    files = {}
    with tarfile.open(path, "w") as tar:
        for name, data in contents:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
            files[name] = sha256(data)
    return files


def _sha256_of(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
