"""What is known about registered model versions, without loading one.

Three things make a version: ``package.json`` in the lake, which names every file of the package with its hash; the
registration in the metadata, which holds the hash of ``package.json`` itself; and ``package.sig`` beside it, which only
the key of this environment can make. So neither lake nor metadata, nor both of them, can be altered unseen.
"""

import json
from typing import Any

from driftgate import uris
from driftgate.compute.jobs import Parameters
from driftgate.errors import ConfigError, Tampered, nearest
from driftgate.lake import lake
from driftgate.metadata import Entry, metadata
from driftgate.models.scorer import MODEL_FILES
from driftgate.records import Record, parse_record, sha256
from driftgate.signing import parse_signature, sign, verify

KIND = "model"
POINTER = "package.json"
SIGNATURE = "package.sig"
SCHEMA_VERSION = 1


class PackageFile(Record):
    """One file of a package."""

    bytes: int
    sha256: str


class ModelVersion(Record):
    """The content of ``package.json``: where a model came from, how good it was, and what its package consists of."""

    schema_version: int = SCHEMA_VERSION
    use_case: str
    version: str
    job_id: str
    job_spec_sha256: str
    dataset_version: str
    feature_set_sha256: str | None = None  # of the features.sql that the dataset version was made with
    trainer: str
    seed: int
    parameters: Parameters
    metrics: dict[str, float]
    files: dict[str, PackageFile]

    @property
    def package_hash(self) -> str:
        """The sha256 of ``package.json``."""
        return self.hash

    @property
    def model_file(self) -> str:
        """The name of the model's own file.

        :raises Tampered: there is none
        """
        found = [name for name in MODEL_FILES if name in self.files]
        if not found:
            raise Tampered(f"Version {self.version} of {self.use_case} has no {' or '.join(MODEL_FILES)}; restore it.")
        return found[0]

    @property
    def model_sha256(self) -> str:
        """The sha256 of the model's own file."""
        return self.files[self.model_file].sha256

    @property
    def folder(self) -> str:
        """Where the package is in the lake."""
        return uris.package(self.use_case, self.version)


class Registration(Record):
    """The metadata's word on one version; who had it trained and registered may not approve it."""

    schema_version: int = 1
    use_case: str
    version: str
    job_id: str
    package_hash: str
    trained_by: str | None = None
    registered_by: str | None = None


def list_models(use_case_name: str) -> list[ModelVersion]:
    """Return every registered version of a use case, oldest first."""
    return [read_model(registration) for registration in registrations(use_case_name)]


def model_of_job(use_case_name: str, job_id: str) -> ModelVersion | None:
    """Return the version that was registered of a job, or None."""
    found = (registration for registration in registrations(use_case_name) if registration.job_id == job_id)
    return next((read_model(registration) for registration in found), None)


def find_model(use_case_name: str, version: str) -> ModelVersion:
    """Return what is recorded about one version.

    :raises ConfigError: there is no such version, or a newer Driftgate wrote its package
    :raises Tampered: ``package.json`` is not the one that was registered, or not signed by a key that is trusted here
    """
    registration = registration_of(use_case_name, version)
    if registration is None:
        known = [registration.version for registration in registrations(use_case_name)]
        raise ConfigError(f"{use_case_name} has no model version {version!r}{nearest(version, known)}")
    return read_model(registration)


def registration_of(use_case_name: str, version: str) -> Registration | None:
    """Return the registration of one version, or None."""
    entry = metadata().latest(KIND, f"{use_case_name}/{version}")
    return _registration(entry) if entry else None


def registrations(use_case_name: str) -> list[Registration]:
    """Return the registrations of a use case, oldest version first."""
    found = [_registration(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]
    return sorted(found, key=lambda registration: int(registration.version))


def record_registration(
    model: ModelVersion, *, trained_by: str | None = None, registered_by: str | None = None
) -> None:
    """Make a version whose package is complete visible to everyone.

    :raises Conflict: it is visible already
    """
    registration = Registration(
        use_case=model.use_case,
        version=model.version,
        job_id=model.job_id,
        package_hash=model.package_hash,
        trained_by=trained_by,
        registered_by=registered_by,
    )
    metadata().append(KIND, f"{model.use_case}/{model.version}", registration.model_dump(mode="json"), expected=0)


def sign_pointer(folder: str, pointer: bytes) -> None:
    """Write the signature of a ``package.json`` beside it."""
    lake().write(f"{folder}/{SIGNATURE}", sign("package", pointer).canonical())


def _registration(entry: Entry) -> Registration:
    return parse_record(entry.body, Registration, where=f"registration of {entry.subject}")


def read_pointer(registration: Registration) -> bytes:
    """Return the ``package.json`` that was registered, signed or not.

    :raises Tampered: it is gone, or another one
    """
    path = f"{uris.package(registration.use_case, registration.version)}/{POINTER}"
    try:
        raw = lake().read(path)
    except FileNotFoundError:
        raise Tampered(
            f"{lake().uri(path)} is gone, though the version was registered; restore it from a copy."
        ) from None
    if sha256(raw) != registration.package_hash:
        raise Tampered(
            f"{lake().uri(path)} is not the file that was registered: its sha256 differs. Restore it, or register the "
            "job again."
        )
    return raw


def read_model(registration: Registration) -> ModelVersion:
    """Return what ``package.json`` says, of which nothing is parsed before its hash and its signature were checked.

    :raises Tampered: it is gone, another one, or not signed by a key that is trusted here
    """
    folder = uris.package(registration.use_case, registration.version)
    raw = read_pointer(registration)
    _require_signed(registration, folder, raw)
    where = lake().uri(f"{folder}/{POINTER}")
    content = parse_json(raw, where)
    written = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(written, int) and written > SCHEMA_VERSION:
        raise ConfigError(
            f"{where} has schema_version {written}, and this Driftgate reads up to {SCHEMA_VERSION}; "
            "update the code that loads it."
        )
    model = parse_record(content, ModelVersion, where=where)
    if (model.use_case, model.version) != (registration.use_case, registration.version):
        raise Tampered(f"{where} is the package of {model.use_case}/{model.version}; restore the right one.")
    return model


def parse_json(raw: bytes, where: str) -> Any:
    """Return what a file of a package says.

    :raises Tampered: it is not JSON, or nested so deep that it cannot be read
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Tampered(f"{where} is not JSON that can be read; restore it, or train and register anew.") from None


def _require_signed(registration: Registration, folder: str, raw: bytes) -> None:
    where = lake().uri(f"{folder}/{SIGNATURE}")
    try:
        signature = lake().read(f"{folder}/{SIGNATURE}")
    except FileNotFoundError:
        name = f"{registration.use_case} {registration.version}"
        raise Tampered(
            f"{where} is gone, and no package is loaded unsigned; restore it. If you answer for where the package "
            f"comes from, sign it: driftgate model sign {name}."
        ) from None
    verify("package", raw, parse_signature(signature, where), what=lake().uri(f"{folder}/{POINTER}"))
