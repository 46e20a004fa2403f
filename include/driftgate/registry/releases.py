"""Releases: for each switch of the champion, everything that it takes to serve just that again, by its hash."""

import json
import os
from datetime import datetime
from pathlib import Path

from driftgate import uris
from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.golden import GOLDEN
from driftgate.fingerprint import Fingerprint, fingerprint
from driftgate.lake import lake
from driftgate.lineage.code import code_revision
from driftgate.records import Record, parse_record, sha256
from driftgate.registry.versions import ModelVersion
from driftgate.settings import project_root
from driftgate.use_cases import UseCase

KEPT = 5  # of each use case, the newest; nothing that they name is removed
INFRA = ("Dockerfile", "docker-compose.yaml", "infra/*")


class EndpointConfig(Record):
    """How the endpoint was told to serve: the revision of the deployment, and the policies that it answers by."""

    revision: int
    plan_sha256: str
    serve_sha256: str


class Release(Record):
    """The file ``release.json``. ``dataset_version`` ends with the hash of the version's content.

    What is None was not there: an image outside a container, a golden set of an older model.
    """

    schema_version: int = 1
    use_case: str
    version: str
    previous: str | None
    switched_at: datetime
    switched_by: str
    package_sha256: str
    model_sha256: str
    golden_sha256: str | None
    dataset_version: str
    feature_set_sha256: str | None
    code_revision: str
    code_dirty: bool | None
    image_digest: str | None
    endpoint: EndpointConfig
    infra_sha256: str
    environment: Fingerprint

    @property
    def id(self) -> str:
        """The version and the beginning of the hash of all that belongs to it."""
        return f"{self.version}-{self.hash[:8]}"


def record_release(
    use_case: UseCase,
    model: ModelVersion,
    *,
    previous: str | None,
    switched_at: datetime,
    switched_by: str,
    revision: int,
    plan_sha256: str,
) -> Release:
    """Write the release of a switch of the champion, and return it.

    :param plan_sha256: the hash of its deployment plan
    """
    code, golden = code_revision(), model.files.get(GOLDEN)
    release = Release(
        use_case=use_case.name,
        version=model.version,
        previous=previous,
        switched_at=switched_at,
        switched_by=switched_by,
        package_sha256=model.package_hash,
        model_sha256=model.model_sha256,
        golden_sha256=golden.sha256 if golden else None,
        dataset_version=model.dataset_version,
        feature_set_sha256=model.feature_set_sha256,
        code_revision=code.revision,
        code_dirty=code.dirty,
        image_digest=os.environ.get("DRIFTGATE_IMAGE_DIGEST"),
        endpoint=EndpointConfig(revision=revision, plan_sha256=plan_sha256, serve_sha256=use_case.serve.hash),
        infra_sha256=_hash_of(project_root()),
        environment=fingerprint(),
    )
    lake().write(uris.release(use_case.name, release.id), release.canonical())
    return release


def releases(use_case_name: str) -> list[Release]:
    """Return every release of a use case, oldest first."""
    found = [_read(path) for path in lake().list(uris.releases(use_case_name))]
    return sorted(found, key=lambda release: (release.switched_at, release.id))


def kept_releases(use_case_name: str) -> list[Release]:
    """Return the releases of which nothing may be removed."""
    return releases(use_case_name)[-KEPT:]


def find_release(use_case_name: str, release_id: str) -> Release:
    """Return one release.

    :raises ConfigError: there is none
    """
    found = {release.id: release for release in releases(use_case_name)}
    if release_id not in found:
        raise ConfigError(f"{use_case_name} has no release {release_id!r}{nearest(release_id, found)}")
    return found[release_id]


def _read(path: str) -> Release:
    where = lake().uri(path)
    try:
        content = json.loads(lake().read(path))
    except ValueError:
        raise ConfigError(f"{where} is not JSON that can be read; restore it from a copy.") from None
    release = parse_record(content, Release, where=where)
    if path != uris.release(release.use_case, release.id):
        raise ConfigError(f"{where} is not as it was written; its hash would be {release.id}. Restore it from a copy.")
    return release


def _hash_of(root: Path) -> str:
    files = sorted(path for pattern in INFRA for path in root.glob(pattern) if path.is_file())
    return sha256(b"".join(f"{path.relative_to(root)}\n".encode() + path.read_bytes() for path in files))
