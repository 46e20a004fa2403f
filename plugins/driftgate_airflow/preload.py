"""Loads the libraries that tasks need, before workers fork."""

import importlib
import logging
import time

logger = logging.getLogger(__name__)

# Only imports: no thread, connection or parallel region may be started before a fork.
HEAVY = (
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "great_expectations",
    "lightgbm",
    "scipy.stats",
    "matplotlib.backends.backend_svg",
    "datasketches",
    "driftgate.contracts",
    "open_data_contract_standard.model",
    "driftgate.datasets",
    "driftgate.evaluation",
    "driftgate.monitoring",
    "driftgate.profiles",
    "driftgate.promotion",
    "driftgate.registry",
    "driftgate.sources",
)


def preload() -> None:
    """Import every module of ``HEAVY`` and say how long it took."""
    started = time.monotonic()
    for module in HEAVY:
        importlib.import_module(module)
    logger.info("loaded %d modules in %.1f s before workers fork", len(HEAVY), time.monotonic() - started)
