"""A network learns, gives the same bytes again, and says what went astray."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError, NotSupported
from driftgate.evaluation.metrics import auc
from driftgate.models import Preprocessing, load_scorer
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.run import Attended
from driftgate.training.torch_trainer import TRAINER
from driftgate.training.train import Trained, train

torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")

NetworkSpec = Callable[..., JobSpec]


def parameters_of(spec: JobSpec) -> TorchParameters:
    return TorchParameters.model_validate(spec.parameters)


def scored(trained: Trained, table: pa.Table) -> tuple[Any, Any]:
    """Return the labels of the validation rows and what the model says of them."""
    preprocessing = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
    validation = table.filter(pc.equal(table.column("split"), "validation"))
    scorer = load_scorer(trained.model_file, trained.artefacts[trained.model_file], preprocessing)
    return validation.column("label").to_numpy(zero_copy_only=False), scorer.score_table(validation)


@pytest.mark.parametrize("numeric", ["none", "periodic", "piecewise_linear"])
def test_a_classifier_gives_probabilities_that_tell_late_flights(
    network_spec: NetworkSpec, rows: pa.Table, numeric: str
) -> None:
    trained = train(network_spec(numeric_embedding=numeric, epochs=10), rows)
    labels, scores = scored(trained, rows)
    assert sorted(trained.artefacts) == ["model.onnx", "preprocessing.json", "signature.json"]
    assert ((scores > 0) & (scores < 1)).all()
    assert auc(labels, scores) == trained.metrics["validation_auc"] > 0.65
    assert scores.mean() == pytest.approx(labels.mean(), abs=0.08)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_a_regression_answers_in_the_unit_of_its_labels(
    network_spec: NetworkSpec, minutes: pa.Table, metric: str
) -> None:
    spec = network_spec(epochs=30).model_copy(update={"problem": "regression", "metric": metric})
    trained = train(spec, minutes)
    labels, scores = scored(trained, minutes)
    assert trained.metrics["validation_rmse"] == pytest.approx(np.sqrt(np.mean((labels - scores) ** 2)))
    assert trained.metrics["validation_rmse"] < 15, "the labels spread by 50 minutes, their noise by 3"


def test_the_same_spec_gives_the_same_bytes_and_another_seed_others(network_spec: NetworkSpec, rows: pa.Table) -> None:
    spec = network_spec()
    once = train(spec, rows).artefacts
    assert train(spec, rows).artefacts == once
    assert train(spec.model_copy(update={"seed": 8}), rows).artefacts["model.onnx"] != once["model.onnx"]


def test_the_generator_of_the_process_is_left_as_it_was(network_spec: NetworkSpec, rows: pa.Table) -> None:
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    train(network_spec(epochs=1), rows)
    assert torch.equal(torch.rand(3), expected)


def test_it_stops_early_and_keeps_the_best_epoch(network_spec: NetworkSpec, rows: pa.Table) -> None:
    def trained(epochs: int, patience: int) -> Trained:
        spec = network_spec(epochs=epochs, early_stopping_round=patience, hidden_sizes=(64,), learning_rate=0.05)
        return train(spec, rows)

    stopped = trained(200, 3)
    assert stopped.stop_reason == "early_stopping"
    best = int(stopped.metrics["best_iteration"])
    assert best < 200
    assert trained(best, 0).artefacts["model.onnx"] == stopped.artefacts["model.onnx"]


@pytest.mark.parametrize("kept", [("carrier", "origin"), ("departure_hour",), ("visibility_miles",), ("tail_number",)])
def test_words_alone_and_numbers_alone_are_learnt(
    network_spec: NetworkSpec, rows: pa.Table, kept: tuple[str, ...]
) -> None:
    others = [
        name for name in rows.column_names[:-2] if name not in (*kept, "carrier", "flight", "scheduled_departure")
    ]
    spec = network_spec(epochs=2, numeric_embedding="periodic")
    spec = spec.model_copy(
        update={
            "not_features": tuple({"flight", "scheduled_departure", "carrier"} - set(kept)),
            "request_key": ("flight",),
        }
    )
    trained = train(spec, rows.drop_columns(others))
    assert 0.3 < trained.metrics["validation_auc"] < 0.8


def test_thousands_of_words_have_a_vector_each(network_spec: NetworkSpec, rows: pa.Table, with_column: Any) -> None:
    many = with_column(rows, "tail_number", [f"N{number}" for number in range(1200)])
    trained = train(network_spec(epochs=1), many)
    preprocessing = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
    sizes = {feature.name: len(feature.categories) for feature in preprocessing.features}
    assert sizes["tail_number"] == 900, "those of the training rows; a tree's would end at 255"


def test_an_unseen_word_is_scored_between_those_that_are_known(network_spec: NetworkSpec, rows: pa.Table) -> None:
    """Its vector has been learnt from words that were hidden, so it is that of some carrier, late or not."""
    trained = train(network_spec(epochs=30, unseen_share=0.2, early_stopping_round=0), rows)
    preprocessing = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
    scorer = load_scorer("model.onnx", trained.artefacts["model.onnx"], preprocessing)
    base = {"origin": "JFK", "tail_number": "N1", "departure_hour": 15, "visibility_miles": 5.0}
    late, unseen, prompt = scorer.score_rows([{**base, "carrier": name} for name in ("DL", "XX", "AA")])
    assert prompt < unseen < late


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"learning_rate": 10}, "'learning_rate': Input should be less than or equal to 0.1, found 10"),
        ({"hidden_sizes": ()}, "'hidden_sizes'"),
        ({"hidden_size": (16,)}, "unknown key 'hidden_size'; did you mean 'hidden_sizes'"),
        ({"numeric_embedding": "perodic"}, "did you mean 'periodic'"),
        ({"dropout": 1.0}, "'dropout': Input should be less than 1"),
    ],
)
def test_a_parameter_out_of_range_is_refused_before_a_job_is_made(
    network_spec: NetworkSpec, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        network_spec(**parameters)


def test_numbers_that_run_away_end_the_job_with_a_sentence(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any
) -> None:
    spec = network_spec()
    wild = parameters_of(spec).model_copy(update={"learning_rate": 1e30})
    with pytest.raises(ConfigError, match=r"Job job-1: epoch \d: the gradients exploded .* lower 'learning_rate'"):
        TRAINER.fit(spec, wild, *prepared(spec, rows), Attended(spec, 0))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that could add in another order")
@pytest.mark.parametrize("compiled", [False, True])
def test_a_gpu_gives_the_same_bytes_for_many_rows_too(
    network_spec: NetworkSpec, rows: pa.Table, compiled: bool
) -> None:
    spec = network_spec(batch_size=65_536, hidden_sizes=(512, 256), compile=compiled)
    many = pa.concat_tables([rows] * 250)
    tails = np.random.default_rng(9).integers(0, 4000, len(many)).astype(str)
    many = many.set_column(many.column_names.index("tail_number"), "tail_number", pa.array(tails))
    first, second = (train(spec, many).artefacts["model.onnx"] for _ in range(2))
    assert first == second
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_network_is_compiled_only_when_it_is_asked_for(
    network_spec: NetworkSpec, rows: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    monkeypatch.setattr(torch, "compile", lambda run, mode: compiled.append(run) or run)  # the real one takes a minute
    plain = train(network_spec(), rows).artefacts
    assert not compiled
    assert train(network_spec(compile=True), rows).artefacts["model.onnx"] == plain["model.onnx"]
    assert [type(run).__name__ for run in compiled] == ["Network"]


@pytest.mark.parametrize(
    ("loss", "norm", "sentence"),
    [
        (0.69, 1e-12, "the gradients vanished .* lower 'learning_rate', now 0.01"),
        (0.69, 1e9, "the gradients exploded"),
        (float("nan"), 1.0, "the gradients exploded"),
        (0.69, float("nan"), "the gradients exploded"),
        (1e-6, 1e-12, None),  # everything is learnt
        (0.69, 0.5, None),
    ],
)
def test_what_an_epoch_must_not_look_like(
    network_spec: NetworkSpec, loss: float, norm: float, sentence: str | None
) -> None:
    from driftgate.training.network.loop import Learnt, require_sound

    def check() -> None:
        require_sound("Epoch 3", Learnt(loss, norm, 1.0), parameters_of(network_spec()), constant_loss=0.7)

    if sentence is None:
        return check()
    with pytest.raises(ConfigError, match=sentence):
        check()
    return None


def test_without_torch_a_spec_is_made_and_training_says_what_is_missing(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "driftgate.training.network.fit", None)
    spec = network_spec()
    with pytest.raises(NotSupported, match="run `make torch`, or use a compute target whose image has it"):
        TRAINER.fit(spec, parameters_of(spec), *prepared(spec, rows), Attended(spec, 0))
