"""The draft of a package: all its files in one object, made by whoever came first.

A package holds measured numbers (how fast its forms score, in which environment), so two processes that register the
same job make two packages that differ, and their files must not be mixed. Whoever writes a package therefore first
creates its draft, or takes the one that is there, and then only copies. A draft goes when the version is registered,
not before: all who find it unregistered after they have a draft have the same one.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from driftgate import uris
from driftgate.errors import Conflict, Tampered
from driftgate.lake import lake
from driftgate.records import parse_record, sha256
from driftgate.registry.versions import POINTER, SIGNATURE, ModelVersion, parse_json
from driftgate.signing import parse_signature, sign, verify


@dataclass(frozen=True)
class Draft:
    """A whole package; ``files`` are in the order of their writing, ``package.json`` and its signature last."""

    model: ModelVersion
    files: Mapping[str, bytes]


def drafted(model: ModelVersion, files: Mapping[str, bytes]) -> Draft:
    """Return the draft of a version: these files, or those of the process or the try that was first.

    :raises Conflict: it was registered, and its draft removed, in this moment
    :raises Tampered: the draft that is there is none of this job, or not signed by a key that is trusted here
    """
    pointer, path = model.canonical(), _path(model)
    whole = {**files, POINTER: pointer, SIGNATURE: sign("package", pointer).canonical()}
    if lake().create(path, _packed(whole)):
        return Draft(model, whole)
    try:
        data = lake().read(path)
    except FileNotFoundError:
        raise Conflict(f"Version {model.version} of {model.use_case} was registered by another process.") from None
    return _checked(model, data)


def discard_draft(model: ModelVersion) -> None:
    """Remove the draft of a version that is registered."""
    lake().delete(_path(model))


def _path(model: ModelVersion) -> str:
    return uris.package_draft(model.use_case, model.version, model.job_id)


def _packed(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _checked(asked: ModelVersion, data: bytes) -> Draft:
    """Return a draft that is whole, of the job that is asked for, and signed: what others drafted gets published."""
    where = lake().uri(_path(asked))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        pointer = files[POINTER]
        signature = parse_signature(files[SIGNATURE], where)
    except (zipfile.BadZipFile, KeyError):
        raise Tampered(f"{where} is no draft of a package; remove it, and register the job again.") from None
    verify("package", pointer, signature, what=where)
    model = parse_record(parse_json(pointer, where), ModelVersion, where=where)
    hashes = {name: sha256(content) for name, content in files.items() if name not in (POINTER, SIGNATURE)}
    named = {name: file.sha256 for name, file in model.files.items()}
    if (model.use_case, model.version, model.job_id) != (
        asked.use_case,
        asked.version,
        asked.job_id,
    ) or hashes != named:
        raise Tampered(f"{where} is not the package of job {asked.job_id}; remove it, and register the job again.")
    return Draft(model, files)
