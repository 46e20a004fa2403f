"""The program of a follower: ``python -m driftgate.training.network.follower <folder of the handover>``.

It learns its share of every batch until the leader says that training ends. It ends at once when the leader does.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from driftgate.compute.jobs import EXIT_BAD_INPUT
from driftgate.errors import DriftgateError
from driftgate.training.network.beginning import begun, deterministic, device_of
from driftgate.training.network.handover import Handover
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.scaling import scaling
from driftgate.training.network.team import Invitation, joined


def main(arguments: list[str]) -> int:
    """Follow one training and return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the leader saves a checkpoint first, and needs this process for it
    threading.Thread(target=_end_with_leader, daemon=True).start()
    try:
        follow(Path(arguments[0]), Invitation.taken())
    except DriftgateError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_INPUT
    return 0


def follow(folder: Path, invitation: Invitation) -> None:
    """Join the training in ``folder`` and learn until it ends.

    :raises NotPermitted: the invitation is not of this training
    """
    handover = Handover.read(folder)
    parameters = TorchParameters.model_validate(handover.spec.parameters)
    device = device_of(invitation.rank)
    with deterministic(parameters, device), joined(invitation, handover.spec.processes, device) as share:
        beginning = begun(handover, parameters, share, device)
        epoch, _ = beginning.resume(handover.resumed)
        scaling(beginning.learning)
        stops = False
        while epoch < parameters.epochs and not stops:
            epoch += 1
            beginning.learning.epoch(epoch)
            stops = beginning.learning.told()


def _end_with_leader() -> None:
    os.read(0, 1)  # nothing is ever written to it
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
