"""What is known about registered model versions, without loading one.

Two things make a version: ``package.json`` in the lake, which names every file of the package with its hash, and the
registration in the metadata, which holds the hash of ``package.json`` itself. So neither can be altered alone, unseen.
"""

import json

from driftgate import uris
from driftgate.compute.jobs import Parameters
from driftgate.errors import ConfigError, Tampered, nearest
from driftgate.lake import lake
from driftgate.metadata import Entry, metadata
from driftgate.models.scorer import MODEL_FILES
from driftgate.records import Record, parse_record, sha256

KIND = "model"
POINTER = "package.json"
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
    """The metadata's word on one version."""

    schema_version: int = 1
    use_case: str
    version: str
    job_id: str
    package_hash: str


def list_models(use_case_name: str) -> list[ModelVersion]:
    """Return every registered version of a use case, oldest first."""
    return [_read(registration) for registration in registrations(use_case_name)]


def model_of_job(use_case_name: str, job_id: str) -> ModelVersion | None:
    """Return the version that was registered of a job, or None."""
    found = (registration for registration in registrations(use_case_name) if registration.job_id == job_id)
    return next((_read(registration) for registration in found), None)


def find_model(use_case_name: str, version: str) -> ModelVersion:
    """Return what is recorded about one version.

    :raises ConfigError: there is no such version, or a newer Driftgate wrote its package
    :raises Tampered: ``package.json`` is not the one that was registered
    """
    registration = registration_of(use_case_name, version)
    if registration is None:
        known = [registration.version for registration in registrations(use_case_name)]
        raise ConfigError(f"{use_case_name} has no model version {version!r}{nearest(version, known)}")
    return _read(registration)


def registration_of(use_case_name: str, version: str) -> Registration | None:
    """Return the registration of one version, or None."""
    entry = metadata().latest(KIND, f"{use_case_name}/{version}")
    return _registration(entry) if entry else None


def registrations(use_case_name: str) -> list[Registration]:
    """Return the registrations of a use case, oldest version first."""
    found = [_registration(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]
    return sorted(found, key=lambda registration: int(registration.version))


def record_registration(model: ModelVersion) -> None:
    """Make a version whose package is complete visible to everyone.

    :raises Conflict: it is visible already
    """
    registration = Registration(
        use_case=model.use_case, version=model.version, job_id=model.job_id, package_hash=model.package_hash
    )
    metadata().append(KIND, f"{model.use_case}/{model.version}", registration.model_dump(mode="json"), expected=0)


def _registration(entry: Entry) -> Registration:
    return parse_record(entry.body, Registration, where=f"registration of {entry.subject}")


def _read(registration: Registration) -> ModelVersion:
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
    content = json.loads(raw)
    if content["schema_version"] > SCHEMA_VERSION:
        raise ConfigError(
            f"{lake().uri(path)} has schema_version {content['schema_version']}, and this Driftgate reads up to "
            f"{SCHEMA_VERSION}; update the code that loads it."
        )
    return parse_record(content, ModelVersion, where=lake().uri(path))
