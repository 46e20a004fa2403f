"""Experiments: how models compare, what changed between them, and whether more complexity is worth its cost."""

from driftgate.experiments.ablation import ablate
from driftgate.experiments.compare import compare
from driftgate.experiments.ladder import ladder
from driftgate.experiments.tradeoff import trade_off

__all__ = ["ablate", "compare", "ladder", "trade_off"]
