"""How many machines a use case needs: what one of them was measured to take, and what scaling makes of a day."""

from driftgate.sizing.load_test import LoadStep, load_test
from driftgate.sizing.scaling import Simulation, simulate
from driftgate.sizing.sizing import Sizing, sampled_requests, size

__all__ = ["LoadStep", "Simulation", "Sizing", "load_test", "sampled_requests", "simulate", "size"]
