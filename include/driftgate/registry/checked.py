"""Loading a package and having it score its golden set here."""

import time
from collections.abc import Callable
from dataclasses import replace

from driftgate.evaluation.golden_check import check_golden
from driftgate.registry.package import Package, load_package


def load_checked_package(
    use_case_name: str, version: str, load: Callable[[str, str], Package] = load_package
) -> Package:
    """Return a model version after it has scored its golden set here.

    :param load: :func:`load_package`, or :func:`load_serving_package` of an endpoint
    :raises Skewed: it answers otherwise here than where it was registered
    """
    began = time.perf_counter()
    package = load(use_case_name, version)
    seconds = time.perf_counter() - began
    if package.golden is None:
        return package
    checked = check_golden(
        package.golden,
        package.scorer,
        model_file=package.model.model_file,
        load_seconds=seconds,
        model_bytes=package.model.files[package.model.model_file].bytes,
        name=f"Version {version} of {use_case_name}",
    )
    return replace(package, checked=checked)
