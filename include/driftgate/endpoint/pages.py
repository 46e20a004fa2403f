"""The routes that people and machines look at: /ping, /metrics, /deployments, /docs."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse

from driftgate.endpoint.documentation import TITLE, VERSION, openapi
from driftgate.endpoint.watching import Watcher

if TYPE_CHECKING:
    from driftgate.endpoint.served import Served


def pages(watcher: Watcher, render_metrics: Callable[[], bytes], lifespan: Any) -> FastAPI:
    """Return the application with every route but those of predictions, which its documentation describes too."""
    app = FastAPI(title=TITLE, version=VERSION, lifespan=lifespan, openapi_url=None)

    @app.get("/ping", summary="200 with a model, 503 without")
    def ping() -> JSONResponse:
        served = sorted(watcher.everything()) if watcher.has_looked else []
        problem = (
            "No use case has a model yet; run the retrain DAG of one."
            if watcher.has_looked
            else "The models are being loaded; ask again in a moment."
        )
        content = {"use_cases": served} if served else {"detail": problem}
        return JSONResponse(content, status_code=200 if served else 503)

    @app.get("/deployments", summary="What is really served: variants, step and revision of each use case")
    def deployments() -> dict[str, dict[str, Any]]:
        served, problems = watcher.everything(), watcher.problems()
        return {
            name: {**_shown(served.get(name)), "problem": problems.get(name)} for name in sorted({*served, *problems})
        }

    @app.get("/metrics", summary="Counters in Prometheus' text format")
    def metrics() -> Response:
        return Response(render_metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    described = cache(openapi)  # it takes a second, in a thread of its own

    @app.get("/openapi.json")
    def description() -> dict[str, Any]:
        return described(with_broken=False)

    @app.get("/docs")
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(openapi_url="openapi.json", title=TITLE)

    return app


def _shown(served: "Served | None") -> dict[str, Any]:
    if served is None:
        return {"variants": [], "step": None, "revision": None, "golden": {}}
    variants = [{"version": one.version, "role": one.role, "weight": one.weight} for one in served.recorded]
    checked = {one.version: one.package.checked for one in served.variants}
    golden = {version: check.model_dump(mode="json") for version, check in checked.items() if check}
    return {"variants": variants, "step": served.step, "revision": served.revision, "golden": golden}
