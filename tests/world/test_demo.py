"""The demo's plan: which days are loaded by hand, by backfill, and played."""

from driftgate.partition_keys import keys_between
from driftgate.settings import project_root
from driftgate.sources import datasets_of
from driftgate.use_cases import load_use_case
from driftgate.world.demo import LIFECYCLE, Plan


def test_every_day_of_the_plan_is_loaded_or_played_once() -> None:
    plan = Plan()
    by_hand = keys_between(plan.first, plan.loaded_by_hand_to)
    assert [*by_hand, *plan.backfilled, *plan.played] == keys_between(plan.first, plan.played_to)
    assert plan.backfilled and plan.played


def test_the_history_is_as_long_as_the_training_window() -> None:
    plan = Plan()
    history = keys_between(plan.first, plan.backfilled_to)
    assert len(history) >= load_use_case(plan.use_case).train.window_days


def test_the_plan_names_what_is_shipped() -> None:
    plan = Plan()
    assert datasets_of(plan.source) == ["flights", "planes", "weather"]
    assert set(load_use_case(plan.use_case).datasets) == set(datasets_of(plan.source))
    assert {path.stem for path in (project_root() / "dags").glob("*.py")} >= {plan.source, plan.use_case}
    assert LIFECYCLE == ("monitor", "retrain", "promote", "rollback", "incident")
