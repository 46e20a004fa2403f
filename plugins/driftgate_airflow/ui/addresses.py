"""Where in Airflow's web server the pages of the lake are."""

from urllib.parse import quote, urlsplit

from airflow.configuration import conf

PREFIX = "/driftgate"


def base_path() -> str:
    """Return the path under which Airflow itself is reached, without a slash at its end: mostly nothing."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def full_url(path: str) -> str:
    """Return the address of the page at ``path`` with the host that Airflow is set up for; logs make it a link."""
    parts = urlsplit(conf.get("api", "base_url", fallback=""))
    return f"{parts.scheme}://{parts.netloc}{page_url(path)}" if parts.netloc else page_url(path)


def page_url(path: str) -> str:
    """Return the address of the page at ``path`` in the lake, on whatever host the reader has Airflow open."""
    return f"{base_path()}{PREFIX}/{quote(path)}"
