"""Without versions and without models nothing is needed; the rest is told by ``dataset gc``."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate import uris
from driftgate.datasets import DatasetVersion
from driftgate.fingerprint import fingerprint
from driftgate.governance import protection
from driftgate.governance.protection import versions_needed
from driftgate.governance.retention import plan_retention
from driftgate.lake import lake, publish
from driftgate.registry.releases import KEPT, Release


def test_a_fresh_project_needs_nothing() -> None:
    assert versions_needed() == {}


KEYS = [f"2013-04-{day:02}" for day in range(1, 9)]


@pytest.fixture
def made_of(project, rides, age, change, monkeypatch):
    """Eight days that are over, and a dataset version of each of them, of which no model serves."""
    change("data_contracts/rides.yaml", "value: customers", "value: operations")  # what persons may have erased goes
    found = {}
    for key in KEYS:
        path = f"validated/rides/{key}"
        publish(lake(), path, rides(key, "a"), known_at=datetime(2013, 4, 1))
        found[f"fares/{key}-3f9c2a1"] = DatasetVersion.model_construct(use_case="fares", sources={path: "0"})
    age("validated", datetime(2013, 4, 1))
    monkeypatch.setattr(protection, "all_versions", lambda: list(found.values()))
    monkeypatch.setattr(protection, "load_any", found.__getitem__)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(KEYS), max_size=12))
def test_nothing_that_a_kept_release_was_made_from_is_swept(made_of, order) -> None:
    for path in lake().list("releases"):
        lake().delete(path)
    where = {name: "0" * 64 for name in ("package_sha256", "model_sha256", "infra_sha256")}
    for place, key in enumerate(order):
        release = Release(
            use_case="fares", version=str(place), previous=None, switched_at=datetime(2013, 5, 1 + place, tzinfo=UTC),
            switched_by="anna", golden_sha256=None, dataset_version=f"fares/{key}-3f9c2a1", feature_set_sha256=None,
            code_revision="c", code_dirty=False, image_digest=None, environment=fingerprint(),
            endpoint={"revision": place, "plan_sha256": "p", "serve_sha256": "s"}, **where,
        )  # fmt: skip
        lake().write(uris.release("fares", release.id), release.canonical())
    ended = {item.path.split("/")[2] for item in plan_retention(date(2014, 8, 1)).ended}
    assert ended == set(KEYS) - set(order[-KEPT:])
