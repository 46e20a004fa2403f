"""What the tests tell this AWS to do: lose hosts and jobs, have no capacity, refuse and throttle calls, count them."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.core.base_backend import BackendDict, backend_lock
from moto.core.model_instances import reset_model_data

from local_aws import processes

# Making a default network and the managed policies anew takes moto longer than most tests take. Nothing but
# CloudFormation changes them here: after a call of it, they are forgotten as well.
LASTING = ("ec2", "iam")


@dataclass
class Control:
    """All that a test can set; ``reset`` makes it as new."""

    held: dict[str, str] = field(default_factory=dict)  # queue or cluster → why jobs wait there
    refused: dict[str, list[str]] = field(default_factory=dict)  # cluster → reasons of failures of the next RunTask
    fail_start: list[str] = field(default_factory=list)  # why the next ECS tasks do not start
    throttled: Counter[str] = field(default_factory=Counter)  # action → how many calls more
    unanswered: Counter[str] = field(default_factory=Counter)  # the call is carried out, its answer is a server error
    denied: dict[str, str] = field(default_factory=dict)  # action → the resource that the sentence names
    lost: set[str] = field(default_factory=set)  # ids of jobs and tasks that the service knows no more
    hosts: dict[str, float] = field(default_factory=dict)  # id of a job or task → grace before its host goes
    gpus: int = 1
    gpus_used: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    s3: Counter[str] = field(default_factory=Counter)  # who (access key), action, bucket and path → how many calls
    submits: Counter[str] = field(default_factory=Counter)  # job name or startedBy → how many were accepted
    hurry: float = 1.0  # time limits pass this many times faster
    image: dict[str, str] = field(default_factory=dict)  # what else every container finds in its environment
    stacks: bool = False  # whether CloudFormation was called
    emptied: int = 0  # how often everything was forgotten, roles and network too
    epoch: int = 0  # how often all was reset: what belongs to an earlier one does not start any more
    lock: threading.RLock = field(default_factory=threading.RLock)

    def take(self, counter: Counter[str], action: str) -> bool:
        """Return whether this call is one of those that are counted down."""
        with self.lock:
            if counter[action] <= 0:
                return False
            counter[action] -= 1
            return True

    def take_gpus(self, count: int) -> bool:
        """Take GPUs of the one host, or return False."""
        with self.lock:
            if self.gpus_used + count > self.gpus:
                return False
            self.gpus_used += count
            return True

    def give_gpus(self, count: int) -> None:
        """Give them back."""
        with self.lock:
            self.gpus_used = max(0, self.gpus_used - count)


control = Control()


def handle(verb: str, body: dict[str, Any]) -> Any:
    """Do what ``/_control/<verb>`` asks and return the answer."""
    return VERBS[verb](**body)


def _reset() -> dict[str, int]:
    emptied = control.emptied + control.stacks
    _forget(() if control.stacks else LASTING)
    fresh = Control(epoch=control.epoch + 1, emptied=emptied, lock=control.lock)
    control.__dict__.update(fresh.__dict__)
    processes.kill_all()
    return {"emptied": emptied}


def _forget(lasting: tuple[str, ...]) -> None:
    """Do what ``/moto-api/reset`` does, but for these services."""
    with backend_lock:
        left = [service for service in BackendDict._instances if service.service_name in lasting]
        for service in BackendDict._instances:
            if service.service_name not in lasting:
                for account in service.values():
                    account.reset()
                service.clear()
        BackendDict._instances[:] = left
    reset_model_data()


def _interrupt(id: str, grace_seconds: float) -> None:
    control.hosts[id] = grace_seconds


def _hold(place: str, reason: str) -> None:
    control.held[place] = reason


def _release(place: str) -> None:
    control.held.pop(place, None)


def _throttle(action: str, calls: int) -> None:
    control.throttled[action] = calls


def _unanswer(action: str, calls: int) -> None:
    control.unanswered[action] = calls


def _deny(action: str, resource: str) -> None:
    control.denied[action] = resource


def _allow(action: str) -> None:
    control.denied.pop(action, None)


def _lose(id: str) -> None:
    control.hosts[id] = 0
    control.lost.add(id)


def _refuse(cluster: str, reason: str) -> None:
    control.refused.setdefault(cluster, []).append(reason)


def _fail_start(reason: str) -> None:
    control.fail_start.append(reason)


def _hurry(factor: float) -> None:
    control.hurry = factor


def _image(variables: dict[str, str]) -> None:
    control.image.update(variables)


def _counts() -> dict[str, dict[str, int]]:
    return {"calls": control.calls, "submits": control.submits, "s3": control.s3}


VERBS: dict[str, Callable[..., Any]] = {
    "reset": _reset,
    "interrupt": _interrupt,
    "hold": _hold,
    "release": _release,
    "throttle": _throttle,
    "unanswer": _unanswer,
    "deny": _deny,
    "allow": _allow,
    "lose": _lose,
    "refuse": _refuse,
    "fail_start": _fail_start,
    "hurry": _hurry,
    "image": _image,
    "counts": _counts,
}


def answer(verb: str, data: bytes) -> bytes:
    """Answer the body of a control request as JSON."""
    return json.dumps(handle(verb, json.loads(data or b"{}"))).encode()
