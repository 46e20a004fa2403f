"""The facets of a lineage record, as plain OpenLineage JSON.

Pure functions of their arguments and of the running code, so that the Airflow layer can hand the same facets to the
OpenLineage provider. Nothing here imports the OpenLineage client: it costs a task half a second.
"""

import os
import platform
import re
from collections.abc import Mapping
from typing import Any

from driftgate import __version__
from driftgate.lineage.code import code_revision
from driftgate.lineage.record import DatasetRef
from driftgate.records import canonical_json, sha256

PRODUCER = f"urn:driftgate:{__version__}"
RUN_EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_SPEC = "https://openlineage.io/spec/facets"

LARGEST_VALUE = 200  # characters of JSON; a longer parameter is recorded by its hash
_SECRET = re.compile(r"passw|secret|token|credential|api_?key|private_?key", re.IGNORECASE)


def run_facets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run facets about code, parameters and machine.

    A parameter whose name speaks of a secret is recorded as ``***``; its value does not enter the hash either.
    """
    safe = {name: "***" if _SECRET.search(name) else value for name, value in parameters.items()}
    code = code_revision()
    image = {"image_digest": digest} if (digest := os.environ.get("DRIFTGATE_IMAGE_DIGEST")) else {}
    return {
        "driftgate_code": own_facet(
            "code", revision=code.revision, dirty=code.dirty, package_version=__version__, **image
        ),
        "driftgate_parameters": own_facet(
            "parameters",
            sha256=sha256(canonical_json(safe)),
            seed=safe.get("seed"),
            values={name: _small(value) for name, value in safe.items()},
        ),
        "driftgate_host": own_facet("host", name=platform.node(), python=platform.python_version()),
    }


def error_facet(message: str) -> dict[str, Any]:
    """Return the standard facet of a failed run."""
    schema = f"{_SPEC}/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
    return {
        "errorMessage": {
            "_producer": PRODUCER,
            "_schemaURL": schema,
            "message": message,
            "programmingLanguage": "python",
        }
    }


def dataset_facets(ref: DatasetRef) -> dict[str, Any]:
    """Return the standard version facet of a dataset; empty when its version is not pinned."""
    if ref.version is None:
        return {}
    schema = f"{_SPEC}/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"
    return {"version": {"_producer": PRODUCER, "_schemaURL": schema, "datasetVersion": ref.version}}


def own_facet(name: str, /, **content: Any) -> dict[str, Any]:
    """Return a facet of our own, with the two keys that OpenLineage wants in each."""
    return {"_producer": PRODUCER, "_schemaURL": f"urn:driftgate:facet:{name}:1", **content}


def _small(value: Any) -> Any:
    encoded = canonical_json(value)
    return value if len(encoded) <= LARGEST_VALUE else f"sha256:{sha256(encoded)}"
