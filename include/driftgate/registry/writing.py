"""Writing a model package: nothing of it is visible before all of it is there."""

from collections.abc import Mapping

from driftgate.errors import ConfigError, Conflict
from driftgate.lake import lake
from driftgate.records import sha256
from driftgate.registry.draft import discard_draft, drafted
from driftgate.registry.package import FEATURE_BASELINE, require_plain
from driftgate.registry.versions import ModelVersion, PackageFile, record_registration, registration_of


def write_package(
    model: ModelVersion, files: Mapping[str, bytes], *, trained_by: str | None = None, registered_by: str | None = None
) -> ModelVersion:
    """Write the files of a package, ``package.json``, its signature, and the registration that makes it all visible.

    A crash in between leaves nothing visible; the same call again completes it. Of several processes, and of several
    tries, all write what the first of them drafted, which is returned.

    :raises Conflict: the version is visible already; its files are left alone
    :raises ConfigError: there is no feature baseline among the files
    """
    if FEATURE_BASELINE not in files:
        raise ConfigError(
            f"The package of {model.use_case}/{model.version} has no {FEATURE_BASELINE}, without which no model is "
            "registered; register it with register_candidate, which measures its features."
        )
    _require_unregistered(model)
    draft = drafted(model, files)
    _require_unregistered(model)  # while that holds nobody has removed the draft, so all who write have the same one
    for name, data in draft.files.items():
        lake().write(f"{model.folder}/{name}", data)
    record_registration(draft.model, trained_by=trained_by, registered_by=registered_by)
    discard_draft(draft.model)
    return draft.model


def _require_unregistered(model: ModelVersion) -> None:
    if registration_of(model.use_case, model.version):
        discard_draft(model)
        raise Conflict(f"Version {model.version} of {model.use_case} was registered by another process meanwhile.")


def package_files(files: Mapping[str, bytes]) -> dict[str, PackageFile]:
    """Return the entries of ``package.json`` for ``files``."""
    for name, data in files.items():
        require_plain(name, len(data), "the new package")
    return {name: PackageFile(bytes=len(data), sha256=sha256(data)) for name, data in files.items()}
