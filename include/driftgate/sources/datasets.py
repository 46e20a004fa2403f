"""Which datasets come from a source. Asked at every parse of a DAG file, so it must stay cheap."""

from driftgate.contracts import contract_names, source_of
from driftgate.errors import ConfigError, nearest


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
