"""In a harder world a better candidate passes what the champion misses by more; a worse one does not."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.evaluation.calibration import calibration
from driftgate.evaluation.comparison import ChampionAnswers, Comparison
from driftgate.evaluation.cost_gate import costs
from driftgate.evaluation.fairness import fairness
from driftgate.evaluation.gates import decisive
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.no_worse import no_worse
from driftgate.fairness_policy import Fairness
from driftgate.gate_policy import CalibrationGate, ChampionGate, CostGate, Gates

GATES = Gates(
    champion=ChampionGate(margin=0.01, confidence=0.9),
    cost=CostGate(max_increase_usd_per_1000=300),
    calibration=CalibrationGate(max_error=0.05),
)
FACET = {
    "column": "carrier",
    "groups": {"ours": {"values": ["AA"]}, "theirs": {"values": ["ZZ"]}},
    "reference": "ours",
    "metrics": {"equal_opportunity_difference": {"at_most": 0.1}, "disparate_impact": {"at_least": 0.2}},
}
COUNT = 10_000


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Ten days in which twice as many flights are late as any model learnt, ZZ's for reasons that no model knows."""
    random = np.random.default_rng(4)
    place = np.arange(COUNT)
    carrier = np.where(place % 4 == 0, "ZZ", "AA")
    learnt = 1 / (1 + np.exp(2 - random.normal(scale=1.2, size=COUNT)))
    truth = np.where(carrier == "ZZ", 0.4, np.minimum(2 * learnt, 1))
    times = [datetime(2013, 7, 1) + timedelta(days=int(day)) for day in place % 10]
    table = pa.table({"carrier": carrier, "scheduled_departure": pa.array(times, pa.timestamp("us"))})
    return table, learnt, random.uniform(size=COUNT) < truth


def judged(use_case: Any, world: Any, scores: Any, champion: Any, **changes: Any) -> dict[str, Any]:
    table, _, labels = world
    oracle = np.where(labels, 0.9, 0.1)  # a baseline that nothing keeps up with
    policy = Fairness.model_validate({"facets": {"operator": FACET}})
    found = Comparison(
        use_case=use_case.model_copy(update={"gates": GATES.model_copy(update=changes), "fairness": policy}),
        dataset_version="flight_delays/2013-07-10-3f9c2a1",
        job=None,  # type: ignore[arg-type]  # none of these gates asks for it
        train=table.append_column("label", pa.array(labels)),
        held=Holdout(table, labels, np.datetime64("2013-07-01") + np.arange(COUNT) % 10),
        scorer=None,  # type: ignore[arg-type]
        signature=None,  # type: ignore[arg-type]
        scores=scores,
        baselines={"logistic": oracle},
        champion=None,
    )
    if champion is not None:
        found = dataclasses.replace(found, champion=ChampionAnswers("1", champion))
    gates = [gate for examine in (decisive, costs, calibration, fairness) for gate in examine(found).gates]
    return {gate.gate: gate for gate in no_worse(found, tuple(gates))}


def worse_than(scores: Any, world: Any) -> Any:
    """The same answers with noise, and hardly an alarm for ZZ."""
    low = np.where(np.asarray(world[0]["carrier"]) == "ZZ", 0.1, 0.7)
    return scores * np.random.default_rng(5).uniform(low, low + 0.3)


def failed(gates: dict[str, Any]) -> set[str]:
    return {name for name, gate in gates.items() if gate.verdict == "fail"}


def test_a_better_candidate_in_a_harder_world_passes_every_level_that_it_misses(use_case, world) -> None:
    _, learnt, _ = world
    champion = worse_than(learnt, world)
    assert failed(judged(use_case, world, learnt, None)) == {"uplift", "cost", "calibration", "fairness"}
    gates = judged(use_case, world, learnt, champion)
    assert failed(gates) == set()
    assert {name for name, gate in gates.items() if gate.excused_by == "1"} == {
        "uplift", "cost", "calibration", "fairness",
    }  # fmt: skip
    assert "more than the 0.05 that is allowed. Champion 1 is at 0.2" in gates["calibration"].sentence
    assert "which is no reason to keep the champion." in gates["calibration"].sentence


def test_a_worse_candidate_is_not_excused_by_the_champion(use_case, world) -> None:
    _, learnt, _ = world
    gates = judged(use_case, world, worse_than(learnt, world), learnt)
    assert failed(gates) == {"uplift", "champion", "cost", "calibration", "fairness"}
    assert {gate.excused_by for gate in gates.values()} == {None}


def test_where_the_policy_says_so_a_level_is_a_level(use_case, world) -> None:
    _, learnt, _ = world
    gates = judged(use_case, world, learnt, learnt, or_no_worse_than_champion=False)
    assert failed(gates) == {"uplift", "cost", "calibration", "fairness"}
    assert failed(judged(use_case, world, learnt, learnt)) == set()
