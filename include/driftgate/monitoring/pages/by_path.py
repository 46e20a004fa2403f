"""The pages of monitoring by their paths: nothing of them lies in the lake, each is made when it is asked for."""

from driftgate import uris
from driftgate.monitoring.pages.night_page import render_night
from driftgate.monitoring.pages.overview_page import render_overview
from driftgate.monitoring.pages.status_page import render_status
from driftgate.use_cases import load_use_case, use_case_names


def made_page(path: str) -> bytes | None:
    """Return the page at ``path``; None when that is no page of monitoring, or there is nothing to show yet."""
    if path == uris.model_status():
        return render_status()
    name, key = _asked_for(path)
    if name not in use_case_names():
        return None
    if path == uris.nights_page(name):
        return render_overview(load_use_case(name))
    return render_night(load_use_case(name), key) if path == uris.night_page(name, key) else None


def _asked_for(path: str) -> tuple[str, str]:
    """Return what stands in a path where use case and night stand in those of monitoring."""
    parts = path.split("/")
    return (parts[2], parts[3]) if len(parts) > 3 else ("", "")
