"""Nobody's money is spent without a name on it."""

from collections.abc import Callable

import pytest

from driftgate.compute import JobSpec
from driftgate.compute.tags import ACTIVITIES, PHASES, REQUIRED_TAGS, missing_tags, require_tags, tags_of
from driftgate.errors import ConfigError
from driftgate.use_cases import Owner, UseCase, load_use_case

MakeSpec = Callable[..., JobSpec]


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case("flight_delays")


def test_what_is_done_for_a_use_case_has_every_required_tag(use_case: UseCase) -> None:
    tags = tags_of(use_case, "retrain", run="manual__2013-04-01")
    assert missing_tags(tags) == []
    assert tags == {
        "project": "driftgate",
        "business_unit": "demo",
        "environment": "development",
        "owner": "network-operations",
        "use_case": "flight_delays",
        "activity": "retrain",
        "phase": "training",
        "run": "manual__2013-04-01",
    }


def test_a_use_case_may_belong_to_another_business_unit_and_cost_centre(use_case: UseCase) -> None:
    owner = Owner(team="cargo", contact="cargo@example.com", business_unit="freight", cost_centre="4711")
    tags = tags_of(use_case.model_copy(update={"owner": owner}), "tune")
    assert (tags["business_unit"], tags["cost_centre"], tags["phase"]) == ("freight", "4711", "experiment")


def test_every_activity_has_a_phase() -> None:
    assert set(PHASES) == set(ACTIVITIES)
    assert set(PHASES.values()) == {"training", "inference", "experiment"}


@pytest.mark.parametrize("name", REQUIRED_TAGS)
def test_a_job_without_a_required_tag_is_refused(use_case: UseCase, job_spec: MakeSpec, name: str) -> None:
    tags = tags_of(use_case, "train")
    require_tags(job_spec(tags=tags))
    with pytest.raises(ConfigError, match=f"lacks the tags {name}, so nobody would answer for its cost; write"):
        require_tags(job_spec(tags={**tags, name: ""}))


def test_an_activity_that_does_not_exist_gets_the_nearest(use_case: UseCase, job_spec: MakeSpec) -> None:
    with pytest.raises(ConfigError, match="'trian', which is none; did you mean 'train'"):
        require_tags(job_spec(tags={**tags_of(use_case, "train"), "activity": "trian"}))
