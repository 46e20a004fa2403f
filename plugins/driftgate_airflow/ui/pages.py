"""Which objects of the lake are pages, what a browser may do with one, and reading it. Nothing else can be read."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import PurePosixPath

from driftgate import uris
from driftgate.catalog.page import SCRIPT
from driftgate.lake import Store
from driftgate.lake.store import FolderStore
from driftgate.monitoring.pages.by_path import made_page

TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".png": "image/png"}

# No name begins with a dot, so there is neither a way up nor a file that is still being written; no name is empty, has
# a backslash, or has a percent sign that something behind us might decode once more.
PATH = re.compile(r"(reports|profiles)(/[A-Za-z0-9_][A-Za-z0-9_.=@+-]*)+", re.ASCII)

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    # Airflow shows the catalogue in a frame of its own.
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def is_page(path: str) -> bool:
    """Return whether ``path`` is the path of a page; says nothing about whether it is there."""
    return bool(PATH.fullmatch(path)) and PurePosixPath(path).suffix in TYPES


def read_page(store: Store, path: str) -> bytes | None:
    """Return the bytes of a page, made now or read from the lake; None when there is no such page."""
    if not is_page(path) or not _stays_in_its_zone(store, path):
        return None
    if made := made_page(path):
        return made
    try:
        return store.read(path)
    except FileNotFoundError:
        return None


def content_type(path: str) -> str:
    """Return what a page is, as browsers are told."""
    return TYPES[PurePosixPath(path).suffix]


def headers(path: str) -> dict[str, str]:
    """Return the headers of the page at ``path``: it may load nothing, and only the catalogue runs its one script."""
    if path != uris.catalog():
        return HEADERS
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    policy = f"{HEADERS['Content-Security-Policy']}; script-src 'sha256-{digest}'"
    return {**HEADERS, "Content-Security-Policy": policy}


def missing(path: str) -> str:
    """Return the sentence for a page that is not there."""
    if path == uris.catalog():
        return "There is no catalogue yet; run 'driftgate catalog build'."
    if not is_page(path):
        return "This is not the address of a page; open pages by the buttons of a task in Airflow."
    return (
        f"There is no {path} in the lake: its task did not come that far, or the page was kept as long as it had to "
        "be; the log of the task says more."
    )


def _stays_in_its_zone(store: Store, path: str) -> bool:
    """Return whether no link leads from the page's place to something else; only a folder has links."""
    if not isinstance(store, FolderStore):
        return True
    zone = store.root / path.split("/", 1)[0]
    return (store.root / path).resolve().is_relative_to(zone.resolve())
