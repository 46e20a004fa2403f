"""Several processes that train one network: a leader, which is the job's own process, and followers that it starts.

They are not started by torchrun, whose agent listens on every interface of the machine and turns every exit status
into 1. Here all listen on loopback only, a follower ends when the leader does, however that ends, and whoever joins
must know a token that the leader makes up for this training and gives to nobody but its followers.
"""

import hmac
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch  # noqa: TID253  only the trainer imports this module, when it trains
import torch.distributed as dist  # noqa: TID253

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, JobFailed, NotPermitted
from driftgate.training.network.handover import Handover
from driftgate.training.network.share import Share

LOOPBACK = "127.0.0.1"
TOKEN, PORT, RANK = "DRIFTGATE_TEAM_TOKEN", "DRIFTGATE_TEAM_PORT", "DRIFTGATE_TEAM_RANK"
GREETING = "driftgate/greeting"  # what everybody may read: the number that proofs are made with, and the leader's proof
PATIENCE = timedelta(minutes=10)  # for one another; a follower waits while the leader measures and saves
END_SECONDS = 15
_INTERFACE = {"GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo", "NCCL_SOCKET_IFNAME": "lo"}


@dataclass(frozen=True)
class Invitation:
    """What it takes to join: where the leader listens, what only its followers know, and one's own number."""

    port: int
    token: str
    rank: int

    @classmethod
    def taken(cls) -> "Invitation":
        """Return the invitation in this process's environment, and remove it there."""
        return cls(int(os.environ.pop(PORT)), os.environ.pop(TOKEN), int(os.environ.pop(RANK)))

    def environment(self) -> dict[str, str]:
        return {PORT: str(self.port), TOKEN: self.token, RANK: str(self.rank)}


@contextmanager
def led(handover: Handover, device: torch.device) -> Iterator[Share]:
    """Start the followers of a training and join them; they have ended when the ``with`` block is left.

    :raises ConfigError: there are fewer GPUs than processes
    :raises JobFailed: a follower ended while the others trained
    """
    spec = handover.spec
    if spec.processes == 1:
        yield Share()
        return
    _require_devices(spec, device)
    with tempfile.TemporaryDirectory(prefix="driftgate-team-") as folder, socket.create_server((LOOPBACK, 0)) as server:
        handover.write(Path(folder))
        token, port = secrets.token_hex(32), server.getsockname()[1]
        store = dist.TCPStore(
            LOOPBACK, port, is_master=True, master_listen_fd=os.dup(server.fileno()), timeout=PATIENCE
        )
        prefix = _greet(store, token)
        followers = [_start(Path(folder), Invitation(port, token, rank)) for rank in range(1, spec.processes)]
        try:
            with _group(dist.PrefixStore(prefix, store), 0, spec.processes, device):
                yield Share(0, spec.processes)
            _await(followers)
        except RuntimeError as error:  # torch's, when a connection to a follower is gone
            _raise_ended(spec, followers, error)
        finally:
            _end(followers)


@contextmanager
def joined(invitation: Invitation, processes: int, device: torch.device) -> Iterator[Share]:
    """Join the leader of an invitation.

    :raises NotPermitted: the token is not the one of the training that listens there
    """
    store = dist.TCPStore(LOOPBACK, invitation.port, is_master=False, timeout=PATIENCE)
    prefix = _recognise(store, invitation.token)
    with _group(dist.PrefixStore(prefix, store), invitation.rank, processes, device):
        yield Share(invitation.rank, processes)


def _greet(store: "dist.TCPStore", token: str) -> str:
    """Let everybody see a number and a proof that the leader knows the token; return where the team meets."""
    number = secrets.token_hex(16)
    store.set(GREETING, f"{number} {_proof(token, number, 'leader')}")
    return _proof(token, number, "team")


def _recognise(store: "dist.TCPStore", token: str) -> str:
    number, _, proof = store.get(GREETING).decode().partition(" ")
    if not hmac.compare_digest(proof, _proof(token, number, "leader")):
        raise NotPermitted(
            "A process that does not know this training's token asked to join it, and is refused; processes are "
            "started by the training itself."
        )
    return _proof(token, number, "team")


def _proof(token: str, number: str, purpose: str) -> str:
    return hmac.new(token.encode(), f"{number} {purpose}".encode(), "sha256").hexdigest()


@contextmanager
def _group(store: "dist.PrefixStore", rank: int, processes: int, device: torch.device) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _INTERFACE}
    os.environ.update(_INTERFACE)
    try:
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=processes, timeout=PATIENCE)
        yield
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _require_devices(spec: JobSpec, device: torch.device) -> None:
    found = torch.cuda.device_count()
    if device.type == "cuda" and found < spec.processes:
        raise ConfigError(
            f"Job {spec.job_id} asks for {spec.processes} processes, and this machine has {found} GPUs; take a compute "
            f"target with more, or lower 'train.processes' of {spec.use_case}."
        )


def _start(folder: Path, invitation: Invitation) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "driftgate.training.network.follower", str(folder)]
    environment = {**os.environ, **invitation.environment()}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # the pipe closes when this process dies


def _await(followers: "list[subprocess.Popen[bytes]]") -> None:
    for follower in followers:
        follower.wait(END_SECONDS)


def _raise_ended(spec: JobSpec, followers: "list[subprocess.Popen[bytes]]", error: RuntimeError) -> None:
    """Say which follower is gone where one is; anything else is the leader's own error."""
    for rank, follower in enumerate(followers, start=1):
        try:
            status = follower.wait(1)
        except subprocess.TimeoutExpired:
            continue
        raise JobFailed(
            f"Process {rank} of the {spec.processes} of job {spec.job_id} ended with status {status} while the others "
            "trained; its reason is above in the log, or, with -9, its machine ran out of memory."
        ) from None
    raise error


def _end(followers: "list[subprocess.Popen[bytes]]") -> None:
    for follower in followers:
        if follower.stdin:
            follower.stdin.close()
        follower.kill()
        follower.wait()
