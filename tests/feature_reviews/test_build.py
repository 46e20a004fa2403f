"""The whole pack on real flights: sets of features trained side by side, the record and its page."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from driftgate import uris
from driftgate.compute import JobSpec
from driftgate.compute.job_files import spec_uri, write_spec
from driftgate.errors import CannotJudge, ConfigError, NotPermitted
from driftgate.experiments.feature_sets import FeatureSet
from driftgate.experiments.jobs import Outcome
from driftgate.feature_review_policy import Candidate, FeatureReview
from driftgate.feature_reviews.build import build_pack, sets_to_compare
from driftgate.feature_reviews.pack import read_pack
from driftgate.feature_reviews.worth import FeatureWorth
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.training.entrypoint import run
from driftgate.use_cases import UseCase

KEY = "2013-01-12"
FEW = {"window_days": 11, "validation_days": 3, "parameters": {"num_iterations": 5, "num_leaves": 4}}


def worth(feature: str, unused: bool = False) -> FeatureWorth:
    return FeatureWorth(
        feature=feature, share=0.0 if unused else 0.5, tier="important", sensitivity=0, former={}, decayed=None,
        change=None, unused=unused,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("available", "worths", "candidates", "sets"),
    [
        (["a", "b"], ["a", "b"], {}, {"champion": ((), ())}),
        (["a", "b", "c"], ["a", "b"], {}, {"champion": (("c",), ()), "features_sql": ((), ())}),
        (["a", "b"], ["a", "b", "gone"], {}, {"champion": ((), ())}),
        (["a", "b"], ["a", "b-"], {}, {"champion": ((), ()), "without_unused": (("b",), ())}),
        (["a", "b"], ["a-", "b-"], {}, {"champion": ((), ())}),  # nothing would be left
        (["a", "b"], ["a", "b-"], {"same": {"leave_out": ("b",)}},
         {"champion": ((), ()), "without_unused": (("b",), ())}),
        (["a", "visibility_miles"], ["a", "visibility_miles"], {"calm": {"leave_out": ("sky",), "add": ("flight",)}},
         {"champion": ((), ()), "calm": (("visibility_miles",), ("flight",))}),
    ],
)  # fmt: skip
def test_each_set_is_compared_once(
    use_case: UseCase, available: list[str], worths: list[str], candidates: Any, sets: dict[str, Any]
) -> None:
    groups = use_case.experiments.model_copy(update={"feature_groups": {"sky": ("visibility_miles",)}})
    known = [worth(name.rstrip("-"), name.endswith("-")) for name in worths]
    wanted = {name: Candidate(**keys) for name, keys in candidates.items()}
    policy = FeatureReview(every="monthly", roles=("owner",), candidates=wanted)
    found = sets_to_compare(use_case.model_copy(update={"experiments": groups}), policy, available, known)
    assert found == {name: FeatureSet(*changes) for name, changes in sets.items()}


@pytest.mark.parametrize(
    ("candidate", "sentence"),
    [
        ({"leave_out": ("visibility",)}, "candidates.new.leave_out' names 'visibility', no feature; did you mean"),
        ({"leave_out": ("visibility_miles",)}, "leaves out every feature"),
        ({"add": ("tail_nummer",)}, "adds 'tail_nummer', not in 'not_features'; did you mean 'tail_number'"),
    ],
)
def test_a_candidate_that_names_no_feature_is_refused(use_case: UseCase, candidate: Any, sentence: str) -> None:
    policy = FeatureReview(every="monthly", roles=("owner",), candidates={"new": Candidate(**candidate)})
    with pytest.raises(ConfigError) as refused:
        sets_to_compare(use_case, policy, ["visibility_miles"], [worth("visibility_miles")])
    assert sentence in str(refused.value)


def test_without_a_champion_there_is_nothing_to_review(use_case: UseCase, policy: FeatureReview) -> None:
    with pytest.raises(CannotJudge, match="has no champion whose features could be reviewed"):
        build_pack(use_case, policy, KEY, "It is due.", "flight_delays/2013-01-12-0000000")


class TestOnRealFlights:
    @pytest.fixture
    def small(self, use_case: UseCase) -> UseCase:
        return use_case.model_copy(update={"train": use_case.train.model_copy(update=FEW)})

    @pytest.fixture
    def champion(
        self, january_version: str, put_package: Callable[..., Any], feature_shares: Callable[..., bytes]
    ) -> None:
        """It knows three features, and one more that brings nothing and that ``features.sql`` gives no more."""
        shares = {"departure_hour": 0.5, "carrier": 0.4, "distance_miles": 0.1, "moon_phase": 0.0}
        put_package("1", {"model.txt": b"tree", "feature_baseline.json": feature_shares(**shares)})
        alias = {"use_case": "flight_delays", "alias": "champion", "version": "1", "previous": None}
        metadata().append("alias", "flight_delays/champion", alias)

    @pytest.fixture
    def here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Train in this process: a process of its own takes seconds for each set."""

        def in_process(specs: Sequence[JobSpec], **_: Any) -> list[Outcome]:
            for spec in specs:
                write_spec(spec)
            return [Outcome(spec, run(spec_uri(spec.job_id)), "") for spec in specs]

        monkeypatch.setattr("driftgate.experiments.feature_sets.run_jobs", in_process)

    def test_sets_are_held_against_the_champion_s_and_people_read_it(
        self, small: UseCase, policy: FeatureReview, champion: None, here: None, january_version: str
    ) -> None:
        pack = build_pack(small, policy, KEY, "One fell due.", january_version)
        assert pack == read_pack("flight_delays", KEY)
        assert (pack.unused, pack.gone, pack.former) == (["moon_phase"], ("moon_phase",), ())
        assert {"origin", "visibility_miles"} <= set(pack.new)
        assert pack.comparison
        old, new = pack.comparison.sets
        assert (old.name, new.name) == ("champion", "features_sql")
        assert (old.left_out, new.left_out) == (pack.new, ())
        assert (old.gain, old.interval) == (None, None)
        assert new.value and new.gain == pytest.approx(new.value - (old.value or 0), abs=2e-6)
        assert new.interval and new.interval[0] <= new.gain <= new.interval[1]
        assert all(one.cv_mean and one.cv_std is not None for one in pack.comparison.sets)

        page = lake().read(uris.feature_review("flight_delays", KEY, "html")).decode()
        for text in ("Feature review of flight_delays, 2013-01-12", "data science, operations", "One fell due.",
                     "features sql", "planes.model", "gives no more: moon_phase"):  # fmt: skip
            assert text in page

    def test_over_the_budget_people_still_see_the_rest(
        self, small: UseCase, policy: FeatureReview, champion: None, january_version: str, monkeypatch: Any
    ) -> None:
        def refused(*_: Any, **__: Any) -> None:
            raise NotPermitted("The week's budget is spent.")

        monkeypatch.setattr("driftgate.experiments.feature_sets.run_jobs", refused)
        pack = build_pack(small, policy, KEY, "One fell due.", january_version)
        assert (pack.comparison, pack.not_compared) == (None, "The week's budget is spent.")
        assert pack.unread
        assert b"The week&#39;s budget is spent." in lake().read(uris.feature_review("flight_delays", KEY, "html"))
