"""Our own server: it follows the deployment records by itself, and says at ``/deployments`` what it serves."""

import json
from urllib.request import Request, urlopen

from driftgate.consumers import client_tls, own_headers
from driftgate.errors import EndpointSilent
from driftgate.evaluation.golden_check import GoldenCheck
from driftgate.promotion.served import Reported
from driftgate.promotion.state import DeploymentState, Variant
from driftgate.records import parse_record
from driftgate.settings import settings

ASK_SECONDS = 2


class EmbeddedBackend:
    """The process at the address of the settings."""

    follow_seconds: float | None = None
    poll_seconds: float | None = None
    serves_control = True

    def apply(self, state: DeploymentState) -> None:
        """Do nothing: the process reads the record within a second."""

    def served(self, use_case_name: str) -> Reported:
        """Return what the process says."""
        address = f"{settings().endpoint.address}/deployments"
        request = Request(address, headers=own_headers())  # noqa: S310  the address is in the settings
        try:
            with urlopen(request, timeout=ASK_SECONDS, context=client_tls()) as answer:  # noqa: S310
                found = json.load(answer).get(use_case_name) or {}
        except (OSError, ValueError) as error:
            raise EndpointSilent(
                f"The endpoint does not say at {address} what it serves ({error}); start it."
            ) from None
        variants = tuple(Variant(**variant) for variant in found.get("variants", ()))
        checks = found.get("golden", {}).items()
        golden = {version: parse_record(check, GoldenCheck, where=address) for version, check in checks}
        return Reported(found.get("revision"), variants, found.get("problem"), golden=golden)

    def collect(self, use_case_name: str) -> int:
        """Do nothing: the process ships its own captures."""
        return 0
