"""Where the endpoint of this environment runs, behind one port: our own server, or SageMaker."""

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from driftgate.settings import settings

if TYPE_CHECKING:
    from driftgate.promotion import DeploymentState
    from driftgate.promotion.served import Reported


class EndpointBackend(Protocol):
    """What serves the deployment states. Make one for each thing to be done: it remembers what it asked for."""

    follow_seconds: float | None  # how long a move may take; None: what is usual for a process
    poll_seconds: float | None
    serves_control: bool  # whether a share of the requests can go to the rule in the champion's package

    def apply(self, state: "DeploymentState") -> None:
        """Do the next thing that is needed for ``state`` to be served, if there is one; never wait.

        Called again until :meth:`served` says so. An earlier state is restored in the same way.
        """

    def served(self, use_case_name: str) -> "Reported":
        """Return what is really served.

        :raises EndpointSilent: the endpoint does not answer
        """

    def collect(self, use_case_name: str) -> int:
        """Bring what was answered into the captures, and return how many rows came; our own server does it itself."""


# name → module and class; imported when the settings name it.
BACKENDS = {
    "embedded": ("driftgate.endpoint.backends.embedded", "EmbeddedBackend"),
    "sagemaker": ("driftgate.endpoint.backends.sagemaker", "SageMakerBackend"),
}


def endpoint_backend() -> EndpointBackend:
    """Return the backend of this environment, for one thing to be done."""
    module, kind = BACKENDS[settings().endpoint.backend]
    backend: EndpointBackend = getattr(import_module(module), kind)()
    return backend
