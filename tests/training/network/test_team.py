"""Two processes learn the model of one, let nobody else in, and end together however it ends."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import JobFailed, NotPermitted, NotSupported
from driftgate.models import Preprocessing, load_scorer
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.run import Attended
from driftgate.training.torch_trainer import TRAINER
from driftgate.training.train import Trained, train
from driftgate.training.trainer import Resumed

torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")

NetworkSpec = Callable[..., JobSpec]
# Sums of gradients are added in another order: measured, 9e-8 of a probability after three epochs. Adam may make more
# of it, where a gradient is nearly zero.
SAME = 1e-4


@pytest.fixture
def pair(network_spec: NetworkSpec) -> JobSpec:
    """A training by two processes, with everything that is drawn, and a last batch that they cannot halve."""
    spec = network_spec(epochs=3, dropout=0.3, unseen_share=0.1, batch_size=129, early_stopping_round=0)
    return spec.model_copy(update={"processes": 2})


def scores(trained: Trained, rows: pa.Table) -> Any:
    preprocessing = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
    validation = rows.filter(pc.equal(rows.column("split"), "validation"))
    return load_scorer("model.onnx", trained.artefacts["model.onnx"], preprocessing).score_table(validation)


def followers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.ZombieProcess):  # of another test
            if "driftgate.training.network.follower" in child.cmdline():
                found.append(child)
    return found


class Stopped(Attended):
    """A run whose second epoch does something to the follower."""

    def __init__(self, spec: JobSpec, does: Callable[[psutil.Process], None]) -> None:
        super().__init__(spec, 0)
        self._does = does
        self.seen: list[psutil.Process] = []

    def after(self, iteration: int, value: float, state: Any) -> Any:
        self.seen += followers()
        if iteration == 2:
            self._does(self.seen[0])
        return super().after(iteration, value, state)


def test_two_processes_give_the_model_of_one_say_what_they_gain_and_listen_on_loopback_only(
    pair: JobSpec, rows: pa.Table
) -> None:
    listening: list[str] = []

    def look(follower: psutil.Process) -> None:
        for process in (psutil.Process(), follower):
            found = process.net_connections(kind="tcp")
            listening.extend(one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN)

    together = train(pair, rows, attend=lambda spec, patience: Stopped(spec, look))
    alone = train(pair.model_copy(update={"processes": 1}), rows)
    np.testing.assert_allclose(scores(together, rows), scores(alone, rows), atol=SAME)
    assert together.metrics["processes"] == 2
    assert 0 <= together.metrics["communication_share"] < 1
    assert together.metrics["scaling_efficiency"] > 0
    assert followers() == []
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.mark.soak
def test_two_processes_that_go_on_from_a_checkpoint_end_with_the_bytes_of_two_that_were_left_alone(
    pair: JobSpec, rows: pa.Table, prepared: Any
) -> None:
    class Once(Stopped):
        """Keeps its first state and raises after it; then begins from it."""

        saved: Resumed | None = None

        def resumed(self) -> Resumed | None:
            return self.saved

        def after(self, iteration: int, value: float, state: Any) -> Any:
            reason = Attended.after(self, iteration, value, state)
            if self.saved is None:
                self.saved = Resumed(iteration, dict(state()))
                raise KeyboardInterrupt
            return reason

    def learnt(run: Attended) -> bytes:
        return TRAINER.fit(pair, TorchParameters.model_validate(pair.parameters), *prepared(pair, rows), run).model

    run = Once(pair, lambda follower: None)
    with pytest.raises(KeyboardInterrupt):
        learnt(run)
    assert learnt(run) == learnt(Attended(pair, 0))


def test_a_follower_that_is_gone_ends_the_training_with_a_sentence(
    pair: JobSpec, rows: pa.Table, prepared: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    run = Stopped(pair, lambda follower: follower.kill())
    with pytest.raises(JobFailed, match="Process 1 of the 2 of job job-1 ended with status -9 while"):
        TRAINER.fit(pair, TorchParameters.model_validate(pair.parameters), *prepared(pair, rows), run)
    assert followers() == []


def test_a_follower_outlives_a_sigterm_of_its_group_and_ends_when_the_leader_raises(
    pair: JobSpec, rows: pa.Table, prepared: Any
) -> None:
    class Gone(Exception):
        pass

    def interrupt(follower: psutil.Process) -> None:
        follower.send_signal(signal.SIGTERM)
        with pytest.raises(psutil.TimeoutExpired):
            follower.wait(0.3)
        raise Gone

    run = Stopped(pair, interrupt)
    with pytest.raises(Gone):
        TRAINER.fit(pair, TorchParameters.model_validate(pair.parameters), *prepared(pair, rows), run)
    assert not run.seen[0].is_running()


def test_a_follower_ends_with_its_leader_even_when_that_is_killed(tmp_path: Path) -> None:
    """The pipe to its standard input closes with the process that holds the other end."""
    from driftgate.training.network.team import PORT, RANK, TOKEN

    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {**os.environ, PORT: str(server.getsockname()[1]), TOKEN: "t", RANK: "1"}
        command = [sys.executable, "-m", "driftgate.training.network.follower", str(tmp_path)]
        for name in ("spec.json", "preprocessing.json"):
            os.mkfifo(tmp_path / name)  # it waits for the handover
        follower = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        assert follower.stdin
        follower.stdin.close()
        assert follower.wait(60) == 1


def test_a_process_with_another_token_is_refused_and_the_team_goes_on_without_it() -> None:
    import torch.distributed as dist

    from driftgate.training.network import team

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        store = dist.TCPStore("127.0.0.1", port, is_master=True, master_listen_fd=os.dup(server.fileno()))
        met = team._greet(store, "the token of this job")
        other = dist.TCPStore("127.0.0.1", port, is_master=False)
        with pytest.raises(NotPermitted, match="does not know this training's token asked to join it, and is refused"):
            team._recognise(other, "the token of another job")
        assert team._recognise(other, "the token of this job") == met


def test_a_second_job_with_a_wrong_token_ends_with_the_sentence(
    pair: JobSpec, rows: pa.Table, prepared: Any, tmp_path: Path
) -> None:
    """A whole second process, at the port of a leader that waits for its own follower."""
    import torch.distributed as dist

    from driftgate.training.network import team
    from driftgate.training.network.handover import Handover

    found, encoding = prepared(pair, rows)
    matrix = encoding.encode_table(found.train.table)
    Handover(pair, encoding, matrix, found.train.labels.astype(float), None).write(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        store = dist.TCPStore("127.0.0.1", port, is_master=True, master_listen_fd=os.dup(server.fileno()))
        team._greet(store, "right")
        command = [sys.executable, "-m", "driftgate.training.network.follower", str(tmp_path)]
        environment = {**os.environ, **team.Invitation(port, "wrong", 1).environment()}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as second:
            assert second.wait(60) == 65
            assert second.stderr
            assert "is refused" in second.stderr.read().decode().splitlines()[-1]


def test_a_trainer_that_knows_one_process_says_so(make_spec: Callable[..., JobSpec], rows: pa.Table) -> None:
    with pytest.raises(NotSupported, match=r"'lightgbm' trains in 1 process\(es\), not in 2; lower 'train.processes'"):
        train(make_spec().model_copy(update={"processes": 2}), rows)
