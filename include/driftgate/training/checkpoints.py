"""Checkpoints of a job: whole or not there, of this job's dataset version and spec, and gone when it is done.

One file each, ``jobs/<id>/checkpoints/<iteration>.ckpt``: the hash of the manifest, the manifest with the hash of every
part, the parts. The store writes it atomically; the hashes find what was cut or changed afterwards.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from driftgate import uris
from driftgate.compute.jobs import JobSpec, checked_job_id
from driftgate.errors import ConfigError, Tampered
from driftgate.lake import lake
from driftgate.records import Record, sha256
from driftgate.training.stopping import Learnt

logger = logging.getLogger(__name__)
SCHEMA_VERSION = 1
KEPT = 2  # the newest, and one to fall back to


class Part(Record):
    """One piece of a trainer's state."""

    name: str
    bytes: int
    sha256: str


class Manifest(Record):
    """What a checkpoint is of, and what is in it."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    dataset_version: str
    spec_sha256: str
    iteration: int
    learnt: Learnt
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Checkpoint:
    """One that was found whole."""

    manifest: Manifest
    state: Mapping[str, bytes]


def save(spec: JobSpec, iteration: int, learnt: Learnt, state: Mapping[str, bytes]) -> None:
    """Write a checkpoint and remove all but the newest."""
    parts = tuple(Part(name=name, bytes=len(data), sha256=sha256(data)) for name, data in state.items())
    manifest = Manifest(
        job_id=spec.job_id,
        dataset_version=spec.dataset_version,
        spec_sha256=spec.hash,
        iteration=iteration,
        learnt=learnt,
        parts=parts,
    ).canonical()
    content = b"".join([sha256(manifest).encode(), b"\n", manifest, b"\n", *state.values()])
    lake().write(f"{folder(spec.job_id)}/{iteration:09d}.ckpt", content)
    for path in lake().list(folder(spec.job_id))[:-KEPT]:
        lake().delete(path)


def newest(spec: JobSpec) -> Checkpoint | None:
    """Return the newest checkpoint of the job that is whole; one that is not is passed over with a warning.

    Where the job has other settings now than when it was saved, training begins anew and these are removed: the
    first of the new ones have lower numbers.

    :raises ConfigError: it is of another dataset version
    """
    for path in reversed(lake().list(folder(spec.job_id))):
        try:
            found = _read(path)
        except Tampered as broken:
            logger.warning("%s", broken)
            continue
        if _is_ours(spec, found.manifest, path):
            return found
        clear(spec.job_id)
        break
    return None


def clear(job_id: str) -> None:
    """Remove the checkpoints of a job, which is done."""
    for path in lake().list(folder(job_id)):
        lake().delete(path)


def folder(job_id: str) -> str:
    """Return the folder in the lake of a job's checkpoints."""
    return f"{uris.job(checked_job_id(job_id))}/checkpoints"


def _read(path: str) -> Checkpoint:
    head, _, rest = lake().read(path).partition(b"\n")
    raw, _, content = rest.partition(b"\n")
    if sha256(raw).encode() != head:
        raise _broken(path, "its manifest is not the one that was written")
    manifest = Manifest.model_validate_json(raw)
    state, place = {}, 0
    for part in manifest.parts:
        state[part.name] = content[place : place + part.bytes]
        place += part.bytes
        if sha256(state[part.name]) != part.sha256:
            raise _broken(path, f"its part {part.name!r} is cut or changed")
    return Checkpoint(manifest, state)


def _broken(path: str, what: str) -> Tampered:
    return Tampered(f"Checkpoint {lake().uri(path)} is passed over: {what}; training goes on from the one before.")


def _is_ours(spec: JobSpec, manifest: Manifest, path: str) -> bool:
    if manifest.dataset_version != spec.dataset_version:
        raise ConfigError(
            f"Checkpoint {lake().uri(path)} is of dataset version {manifest.dataset_version}, but job {spec.job_id} "
            f"trains on {spec.dataset_version} now; start a new DAG run, or remove the job's checkpoints to train anew."
        )
    if manifest.spec_sha256 != spec.hash:
        logger.warning("the settings of job %s have changed since its checkpoint: it begins anew", spec.job_id)
        return False
    return True
