"""What a checkpoint of a network holds, as arrays of plain numbers; no object is ever unpickled.

Nothing is kept of the random generator: it is seeded anew for every epoch.
"""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains

from driftgate.errors import Tampered
from driftgate.training.trainer import State

if TYPE_CHECKING:
    from torch import Tensor, nn, optim

ARRAYS = "network.npz"
Weights = dict[str, "Tensor"]


def weights_of(network: "nn.Module") -> Weights:
    """Return a copy of the weights that stays as it is while the network goes on learning."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def pack(network: "nn.Module", optimiser: "optim.Optimizer", best: Weights) -> State:
    """Return the state after an epoch: weights, what the optimiser remembers, and the best weights so far."""
    moments = {
        f"{place}/{name}": value
        for place, values in optimiser.state_dict()["state"].items()
        for name, value in values.items()
    }
    parts: dict[str, Mapping[str, Tensor]] = {"weights": network.state_dict(), "best": best, "moments": moments}
    arrays: dict[str, Any] = {
        f"{part}/{name}": value.detach().cpu().numpy()
        for part, values in parts.items()
        for name, value in values.items()
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return {ARRAYS: buffer.getvalue()}


def unpack(state: State, network: "nn.Module", optimiser: "optim.Optimizer") -> Weights:
    """Put a state back into the network and its optimiser, and return the best weights that were in it.

    :raises Tampered: it is not the state of such a network
    """
    try:
        with np.load(io.BytesIO(state[ARRAYS]), allow_pickle=False) as arrays:
            parts = _parts({name: arrays[name] for name in arrays.files})
        network.load_state_dict(parts["weights"])
        moments: dict[int, Weights] = {}
        for name, value in parts["moments"].items():
            place, _, what = name.partition("/")
            moments.setdefault(int(place), {})[what] = value
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
    except Exception as error:  # of bytes that are none of ours numpy, zipfile and torch each say it their own way
        raise Tampered(
            f"The checkpoint is not one of this network ({str(error)[:100]}); remove the job's checkpoints to begin "
            "anew."
        ) from None
    return parts["best"]


def _parts(arrays: Mapping[str, Any]) -> dict[str, Weights]:
    parts: dict[str, Weights] = {"weights": {}, "best": {}, "moments": {}}
    for name, value in arrays.items():
        part, _, rest = name.partition("/")
        parts[part][rest] = torch.from_numpy(value)
    return parts
