"""The file of consumers: written by ``driftgate consumer``, read again by a running endpoint when it changes."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

import yaml

from driftgate.consumers.consumer import Consumer, Consumers
from driftgate.records import parse_record, read_yaml
from driftgate.settings import project_root, settings

HEADER = """\
# Who may ask the endpoint. 'driftgate consumer' writes this file; of a key it holds only the hash. A running endpoint
# reads it again within a second.
"""


def consumers_file() -> Path:
    """Return the file of this environment."""
    return Path(settings().endpoint.consumers or project_root() / "include" / "consumers.yaml")


def read_consumers(path: Path) -> tuple[Consumer, ...]:
    """Return every consumer, of all environments; without the file there is none.

    :raises ConfigError: the file is broken
    """
    if not path.exists():
        return ()
    return parse_record(read_yaml(path) or {}, Consumers, where=str(path)).consumers


def write_consumers(path: Path, consumers: Iterable[Consumer]) -> None:
    """Write the file as a whole, or leave it as it is.

    :raises ConfigError: two of them cannot be told apart
    """
    found = [one.model_dump(mode="json", exclude_none=True) for one in consumers]
    parse_record({"consumers": found}, Consumers, where=str(path))
    text = HEADER + yaml.safe_dump({"consumers": found}, sort_keys=False, width=120)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o644)  # the endpoint may run as another user; hashes of random keys are no secret
    Path(file.name).replace(path)
