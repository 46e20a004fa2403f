"""Signing a package that was registered before packages were signed, by somebody who answers for it."""

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.records import parse_record
from driftgate.registry.aliases import champion_version
from driftgate.registry.approval import registered
from driftgate.registry.package import verified_files
from driftgate.registry.states import State, model_state, move_state
from driftgate.registry.versions import POINTER, SIGNATURE, ModelVersion, parse_json, read_pointer, sign_pointer
from driftgate.use_cases import UseCase


def sign_unsigned(use_case: UseCase, version: str, *, actor: str) -> ModelVersion:
    """Sign the package of a version, every file of which still is what was registered, and return the version.

    It becomes a candidate that waits for its gates and its approval; the one that serves goes on as champion.

    :raises ConfigError: there is no such version, or it has a signature, whatever that one is worth
    :raises Tampered: a file is not the one that was registered
    """
    registration, folder = registered(use_case, version), uris.package(use_case.name, version)
    if lake().exists(f"{folder}/{SIGNATURE}"):
        raise ConfigError(
            f"{lake().uri(folder)}/{SIGNATURE} is there already, and no signature is replaced; look at it with: "
            f"driftgate model verify {use_case.name} {version}."
        )
    raw, where = read_pointer(registration), lake().uri(f"{folder}/{POINTER}")
    model = parse_record(parse_json(raw, where), ModelVersion, where=where)
    verified_files(model)
    sign_pointer(folder, raw)
    if model_state(use_case.name, version) is None:
        serves = champion_version(use_case.name) == version
        way: tuple[State, ...] = ("candidate", "approved", "champion") if serves else ("candidate",)
        for state in way:
            move_state(use_case.name, version, state, actor=actor, reason="registered before packages were signed")
    return model
