"""Following the deployment states: a thread that loads what they name and swaps it in whole.

A request in flight keeps the variants that it began with. What cannot be loaded does not stop what is served: without
its candidate the champion answers everything, and without a new champion the old variants go on.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.packages import NoRoom, Packages
from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.served import Served, ServedRule, ServedVariant
from driftgate.endpoint.treating import treating
from driftgate.errors import nearest
from driftgate.use_cases import load_use_case, use_case_names

if TYPE_CHECKING:
    from driftgate.promotion import DeploymentState, Variant
    from driftgate.registry import Package

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
MAX_PAUSE_SECONDS = 30.0


@dataclass
class _Followed:
    """Where one use case stands: what is served, and what went wrong with the newest state."""

    served: Served | None = None
    problem: str | None = None
    tried_revision: int = 0
    pause_seconds: float = POLL_SECONDS
    retry_at: float = 0.0


class Watcher:
    """Keeps the served variants equal to the deployment states.

    :param state_of: returns the deployment state of a use case (``promotion.deployment``)
    """

    def __init__(
        self, state_of: "Callable[[str], DeploymentState | None]", packages: Packages, metrics: Metrics
    ) -> None:
        self._state_of, self._packages, self._metrics = state_of, packages, metrics
        self._followed: dict[str, _Followed] = {}
        self.has_looked = False  # at every use case: until then a request may find no model that is there
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deployment-watcher", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is loaded stays."""
        self._stop.set()
        self._thread.join(5)

    def served(self, use_case: str) -> Served:
        """Return what answers the requests of a use case.

        :raises Refused: 404 for an unknown use case, 503 for one without a model
        """
        if served := self.find(use_case):
            return served
        followed = self._followed.get(use_case)
        if followed is None and use_case not in (names := use_case_names()):
            raise Refused(404, f"There is no use case {use_case[:80]!r}{nearest(use_case[:80], names)}.")
        if followed and followed.problem:
            raise Refused(503, f"{use_case} has no model that answers. {followed.problem}")
        raise Refused(503, f"{use_case} has no model that answers; run the DAG {use_case}.retrain.")

    def find(self, use_case: str) -> Served | None:
        """Return what answers the requests of a use case, if there is something."""
        followed = self._followed.get(use_case)
        return followed.served if followed else None

    def everything(self) -> dict[str, Served]:
        """Return what is served, by use case."""
        return {name: followed.served for name, followed in list(self._followed.items()) if followed.served}

    def problems(self) -> dict[str, str]:
        """Return, by use case, why the newest deployment state is not served as it says."""
        return {name: followed.problem for name, followed in list(self._followed.items()) if followed.problem}

    def poll(self) -> None:
        """Look at every use case once."""
        names = use_case_names()
        for name in names:
            self._follow(name, self._followed.setdefault(name, _Followed()))
        for name in set(self._followed) - set(names):
            del self._followed[name]
            self._packages.serve(name, ())
        self.has_looked = True

    def _run(self) -> None:
        while True:
            try:
                self.poll()
            except Exception:  # the thread must outlive whatever it meets
                log.exception("The deployment states could not be followed; trying again.")
            if self._stop.wait(POLL_SECONDS):
                return

    def _follow(self, name: str, followed: _Followed) -> None:
        try:
            state = self._state_of(name)
            if state and not _is_due(state, followed):
                return
            problems = self._swap(name, state, followed) if state else []
        except Exception as error:  # the metadata store is away, or a record or the use case's file is broken
            problems = [f"The deployment state of {name} cannot be followed: {error}"]
        _report(name, followed, " ".join(problems) or None)

    def _swap(self, name: str, state: "DeploymentState", followed: _Followed) -> list[str]:
        """Serve ``state`` as far as it can be loaded; return what could not."""
        if state.revision != followed.tried_revision:
            followed.tried_revision, followed.pause_seconds = state.revision, POLL_SECONDS
        followed.pause_seconds = min(followed.pause_seconds * 2, MAX_PAUSE_SECONDS)
        followed.retry_at = time.monotonic() + followed.pause_seconds
        packages: dict[str, Package] = {}
        problems = []
        for variant in state.models:  # the champion first, so that it is the candidate that finds no room
            try:
                packages[variant.version] = self._package(name, variant)
            except Exception as error:  # a broken package must not take the endpoint down
                problems.append(f"Version {variant.version} cannot be loaded: {error}")
                self._metrics.package_failures.labels(name, variant.version).inc()
        if state.champion in packages:
            followed.served = _served(name, state, packages)
            self._packages.serve(name, packages)
            gc.freeze()  # models and libraries stay: walking them in every full collection costs a tenth of a request
            log.info("%s: revision %d, step %s, versions %s", name, state.revision, state.step, ", ".join(packages))
        return problems

    def _package(self, name: str, variant: "Variant") -> "Package":
        """Return a variant's package; for one that answers callers, the shadows of all use cases make room."""
        try:
            return self._packages.get(name, variant.version)
        except NoRoom:
            self._metrics.no_room.labels(name, variant.role, variant.version).inc()
            if variant.role == "shadow" or not self._end_shadows():
                raise
            return self._packages.get(name, variant.version)

    def _end_shadows(self) -> bool:
        """Serve without shadows; return whether there were any. Each is tried again when its state is due."""
        ended = [one for one in self.everything().values() if one.shadows]
        for served in ended:
            name, without = served.use_case.name, replace(served, shadows=())
            followed = self._followed[name]
            followed.served = without
            self._packages.serve(name, [variant.version for variant in without.variants])
            followed.problem = "The shadow gave its memory to a model that answers callers ('endpoint.max_memory_mb')."
            followed.retry_at = time.monotonic() + MAX_PAUSE_SECONDS
        return bool(ended)


def _is_due(state: "DeploymentState", followed: _Followed) -> bool:
    """Return whether ``state`` is new, or its last try left a problem and it is time for another."""
    if state.revision != followed.tried_revision:
        return True
    return followed.problem is not None and time.monotonic() >= followed.retry_at


def _report(name: str, followed: _Followed, problem: str | None) -> None:
    if problem and problem != followed.problem:
        log.error("%s: %s", name, problem)
    followed.problem = problem


def _served(name: str, state: "DeploymentState", packages: "dict[str, Package]") -> Served:
    """Return the variants of ``state`` that are loaded; what a missing canary would answer is the champion's."""
    loaded = [variant for variant in state.models if variant.version in packages]
    canaries = [variant for variant in loaded if variant.role == "canary"]
    champion = packages[state.champion]

    def candidate(variant: "Variant") -> ServedVariant:
        package = packages[variant.version]
        differs, joins = package.signature != champion.signature, package.signature.views != champion.signature.views
        return ServedVariant(variant.version, variant.role, variant.weight, package, differs, joins)

    use_case, rule, control = load_use_case(name), champion.fallback, state.control_share
    control = control if rule else 0  # the difference to the record is told by whoever compares the two
    share = 100 - control - sum(variant.weight for variant in canaries)
    return Served(
        use_case=use_case,
        revision=state.revision,
        step=state.step,
        champion=ServedVariant(state.champion, "champion", share, champion),
        canaries=tuple(candidate(variant) for variant in canaries),
        shadows=tuple(candidate(variant) for variant in loaded if variant.role == "shadow"),
        fallback=ServedRule(state.champion, rule) if rule and use_case.serve.fallback == "rule" else None,
        control=ServedRule(state.champion, rule, "control", control) if rule and control else None,
        treating=treating(use_case),
    )
