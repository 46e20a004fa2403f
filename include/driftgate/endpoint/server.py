"""The endpoint put together, as one ASGI application, and how it begins and ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate import promotion, registry
from driftgate.captures import Journal, Recorder, Shipper
from driftgate.consumers import consumers_file
from driftgate.endpoint.access import Access
from driftgate.endpoint.admission import Admission
from driftgate.endpoint.answering import Answering
from driftgate.endpoint.calling import Calling
from driftgate.endpoint.consumers_file import ConsumersFile
from driftgate.endpoint.housekeeping import Housekeeping
from driftgate.endpoint.invocations import Invocations
from driftgate.endpoint.joining import Joining
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.packages import Packages
from driftgate.endpoint.pages import pages
from driftgate.endpoint.shadowing import Shadowing
from driftgate.endpoint.tallying import Tallying
from driftgate.endpoint.watching import Watcher
from driftgate.lake import lake
from driftgate.online import Lookups, online_store
from driftgate.settings import settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send


class Server:
    """The application; creating it takes the journal for this process.

    :param journal: another one than that of the settings
    :raises ConfigError: another endpoint writes the journal
    """

    def __init__(self, journal: Journal | None = None) -> None:
        limits, capture = settings().endpoint, settings().capture
        self.metrics = Metrics()
        self.journal = journal or Journal(
            Path(settings().journal), max_waiting_bytes=capture.max_waiting_mb * 1_000_000, fsync=capture.fsync
        )
        recorder = Recorder(self.journal)
        tallying = Tallying(recorder, self.metrics)
        self.shipper = Shipper(self.journal, lake(), tallying.tallies)
        packages = Packages(
            partial(registry.load_checked_package, load=registry.load_serving_package),
            registry.package_bytes,
            permit=registry.require_serving,
            max_memory_mb=limits.max_memory_mb,
        )
        self.watcher = Watcher(promotion.deployment, packages, self.metrics)
        joining = Joining(Lookups(online_store(), observe=self.metrics.online_read.observe), self.metrics)
        self.shadowing = Shadowing(joining, recorder, self.metrics)
        answering = Answering(
            self.watcher, joining, recorder, self.shadowing, tallying, self.metrics, max_rows=limits.max_rows
        )
        calling = Calling(self.watcher, answering, max_rows=limits.max_rows)
        self._invocations = Invocations(
            calling, self.metrics, max_body_bytes=limits.max_body_bytes, max_batches=limits.max_batches
        )
        self._pages = pages(self.watcher, self._render_metrics, self._lifespan)
        access = Access(ConsumersFile(consumers_file())) if limits.auth == "keys" else None
        self.admission = Admission(
            self._invocations, self._pages, limits=limits, access=access, accounting=self.metrics.accounting
        )
        self.housekeeping = Housekeeping(self.admission, self._invocations.batches, access, self.metrics.accounting)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http":
            await self.admission(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: "FastAPI") -> AsyncIterator[None]:
        self.shipper.start()
        self.shadowing.start()
        self.watcher.start()
        await self.housekeeping.start()
        yield
        # No request is under way any more. The order matters: what shadows still say is captured and shipped.
        await self.housekeeping.stop()
        self.watcher.stop()
        self.shadowing.stop()
        self.shipper.stop()
        self.journal.close()

    def _render_metrics(self) -> bytes:
        return self.metrics.render(
            self.watcher.everything().values(),
            self.watcher.problems(),
            lag_seconds=self.shipper.lag_seconds,
            waiting_bytes=self.journal.waiting_bytes,
        )
