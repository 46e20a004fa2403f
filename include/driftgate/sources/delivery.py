"""Where a source drops its files."""

from pathlib import Path

from driftgate.settings import settings


def delivery_file(source: str, dataset: str, key: str) -> Path:
    """Return the path of the file that ``source`` drops for one partition."""
    return Path(settings().drop) / source / dataset / f"{key}.parquet"
