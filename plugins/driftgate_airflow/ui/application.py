"""The application that serves the pages, behind Airflow's own login.

Airflow mounts a plugin's application without any protection; it asks for the user itself.
"""

from functools import cache
from urllib.parse import urlencode

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from driftgate.errors import DriftgateError
from driftgate.lake import lake
from driftgate_airflow.ui.access import may_read
from driftgate_airflow.ui.addresses import base_path
from driftgate_airflow.ui.pages import HEADERS, content_type, headers, is_page, missing, read_page


@cache
def application() -> FastAPI:
    """Return the application; it has one route and no documentation page."""
    made = FastAPI(title="Driftgate", docs_url=None, redoc_url=None, openapi_url=None)
    made.get("/{path:path}")(page)
    made.exception_handler(HTTPException)(refused)
    made.exception_handler(DriftgateError)(broken)
    return made


def page(path: str, user: GetUserDep) -> Response:
    """Answer with a page of the lake; not a coroutine, so that FastAPI reads in a thread and nobody waits for it."""
    if not is_page(path):
        raise HTTPException(404, missing(path))
    if not may_read(user, path):
        raise HTTPException(403, "You may not see the tasks that make this page; ask whoever gives rights in Airflow.")
    content = read_page(lake(), path)
    if content is None:
        raise HTTPException(404, missing(path))
    return Response(content, media_type=content_type(path), headers=headers(path))


def refused(request: Request, error: HTTPException) -> Response:
    """Answer with the error's sentence; a person who is not logged in goes to the login page and comes back."""
    if error.status_code == 401 and "text/html" in request.headers.get("accept", ""):
        login = f"{base_path()}/api/v2/auth/login?{urlencode({'next': str(request.url)})}"
        return RedirectResponse(login, status_code=303, headers=HEADERS)
    return PlainTextResponse(str(error.detail), status_code=error.status_code, headers=HEADERS)


def broken(_: Request, error: DriftgateError) -> Response:
    """Answer with the sentence of an error of ours, such as a setting that is wrong."""
    return PlainTextResponse(str(error), status_code=500, headers=HEADERS)
