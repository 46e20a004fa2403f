"""Which backend a compute target has."""

from importlib import import_module

from driftgate.compute.backend import Backend
from driftgate.compute.targets import find_target
from driftgate.errors import NotSupported, nearest

# name → module and class; imported when a target asks for it.
BACKENDS = {
    "local": ("driftgate.compute.local", "LocalBackend"),
    "batch": ("driftgate.compute.batch", "BatchBackend"),
    "ecs": ("driftgate.compute.ecs", "EcsBackend"),
}


def backend_of(name: str) -> Backend:
    """Return the backend of the compute target called ``name``.

    :raises ConfigError: there is no such target
    :raises NotSupported: there is no such backend, or it cannot honour a setting of the target
    """
    target = find_target(name)
    if target.backend not in BACKENDS:
        raise NotSupported(
            f"Compute target {name!r} in compute.yaml names the backend {target.backend!r}, which is not there"
            f"{nearest(target.backend, BACKENDS)}"
        )
    module, kind = BACKENDS[target.backend]
    backend: Backend = getattr(import_module(module), kind)(name, target)
    return backend
