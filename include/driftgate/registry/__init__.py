"""The registry: model versions, their packages, and the aliases that say which one serves."""

from driftgate.registry.aliases import champion, move_alias, set_champion
from driftgate.registry.checked import load_checked_package
from driftgate.registry.package import (
    Package,
    load_package,
    load_preprocessing,
    load_serving_package,
    load_signature,
    package_bytes,
    require_serving,
    verified_files,
)
from driftgate.registry.register import register_job
from driftgate.registry.versions import ModelVersion, find_model, list_models

__all__ = [
    "ModelVersion",
    "Package",
    "champion",
    "find_model",
    "list_models",
    "load_checked_package",
    "load_package",
    "load_preprocessing",
    "load_serving_package",
    "load_signature",
    "move_alias",
    "package_bytes",
    "register_job",
    "require_serving",
    "set_champion",
    "verified_files",
]
