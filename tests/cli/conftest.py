"""Running the command line in-process, and reading what it printed."""

from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from driftgate.cli import app
from driftgate.cli.sentences import out
from driftgate.evaluation.feature_baseline import FeatureBaseline, FeatureSummary
from driftgate.evaluation.importance import Importance


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no table is cut, also where there is none."""
    monkeypatch.setattr(out, "_width", 200)
    monkeypatch.setattr(out, "_height", 50)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run ``driftgate`` with the given arguments."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def feature_shares() -> Callable[..., bytes]:
    """Make the feature baseline of a model whose features have these shares of the importance."""

    def made(**shares: float) -> bytes:
        features = {
            name: FeatureSummary(
                kind="numeric",
                null_rate=0,
                distinct=2,
                importance=Importance(gain=share, permutation=share, shap=share),
                sensitivity=0,
                tier="critical" if share > 0.1 else "informational",
            )
            for name, share in shares.items()
        }
        return FeatureBaseline(
            use_case="flight_delays",
            training_rows=10,
            sampled_rows=10,
            seed=7,
            decision_threshold=0.5,
            features=features,
            correlations={},
            strong_pairs=(),
        ).canonical()

    return made
