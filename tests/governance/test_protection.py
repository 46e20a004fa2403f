"""Without versions and without models nothing is needed; the rest is told by ``dataset gc``."""

from driftgate.governance.protection import versions_needed


def test_a_fresh_project_needs_nothing() -> None:
    assert versions_needed() == {}
