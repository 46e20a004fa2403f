"""The lake's pages in Airflow's UI: linked from the tasks that write them, shown to whoever may see these tasks."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]


async def serve(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request for a page; the application is made at the first one.

    Every process of Airflow loads the plugin, and only the api-server has FastAPI and the rest loaded already.
    """
    from driftgate_airflow.ui.application import application

    await application()(scope, receive, send)
