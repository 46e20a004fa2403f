"""Which datasets come from a source. Asked at every parse of a DAG file, so it must stay cheap."""

from functools import cache
from pathlib import Path

from driftgate.contracts import contract_names, source_of
from driftgate.errors import ConfigError, nearest
from driftgate.records import read_yaml
from driftgate.settings import project_root


def datasets_of(source: str) -> list[str]:
    """Return the names of the datasets whose contract names ``source`` as its server, sorted.

    :raises ConfigError: no contract names it, or a file in ``data_contracts/`` cannot be read
    """
    sources = {name: source_of(name) for name in contract_names()}
    found = [name for name in sorted(sources) if sources[name] == source]
    if not found:
        known = {name for name in sources.values() if name}
        raise ConfigError(f"No contract in data_contracts/ has the server {source!r}{nearest(source, known)}")
    return found


def watermarked_datasets_of(source: str) -> list[str]:
    """Return those datasets of ``source`` whose database says with a watermark which rows are new, sorted.

    Cheap, and judges nothing, as :func:`datasets_of`.
    """
    paths = {name: project_root() / "data_contracts" / f"{name}.yaml" for name in datasets_of(source)}
    return [name for name, path in paths.items() if _has_watermark(path, path.stat().st_mtime_ns)]


@cache
def _has_watermark(path: Path, _: int) -> bool:
    try:
        custom = read_yaml(path)["servers"][0].get("customProperties") or ()
        return any(item["property"] == "watermark" for item in custom)
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
