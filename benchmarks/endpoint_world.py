"""The model, the deployment and the requests of ``endpoint.py``: real features, real labels, a real package."""

import json
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from driftgate.datasets import compute_features, compute_labels, current_views
from driftgate.datasets.history import history_name, history_table
from driftgate.datasets.views import view_rows
from driftgate.datasets.window import history_keys
from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.metadata import metadata
from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.online import online_store
from driftgate.partition_keys import keys_between
from driftgate.profiles import profile_table
from driftgate.promotion.state import KIND, variants
from driftgate.registry import ModelVersion
from driftgate.registry.approval import admit
from driftgate.registry.states import State, move_state
from driftgate.registry.writing import package_files, write_package
from driftgate.sources.sample import table_of
from driftgate.training.spec import training_spec
from driftgate.training.train import train
from driftgate.use_cases import UseCase, load_use_case

REQUESTS = 500
VERSION, SHADOW, DAY = "1", "2", "2013-04-01"
BATCH_ROWS = 2000


def make_world(folder: Path, days: int) -> float:
    """Register and deploy a model of the first ``days`` of March; write the requests, and the model for its peers.

    ``requests.json`` holds the requests as our endpoint wants them: it joins the online columns itself. ``bodies.json``
    holds the whole rows, ``encoded.json`` the numbers that the model reads of them; files named ``batch_…`` hold one
    request of 2,000 rows. Returns the score of the first one.
    """
    use_case = load_use_case("flight_delays")
    files = _trained(use_case, keys_between("2013-03-01", f"2013-03-{days:02}"))
    for name in ("model.txt", "preprocessing.json"):
        (folder / name).write_bytes(files[name])
    for version in (VERSION, SHADOW):
        _register(use_case, version, files)
    _deploy(use_case)
    rows = [_json_row(row) for row in _features(use_case, [DAY]).slice(0, REQUESTS).to_pylist()]
    joined = _kept_online(use_case)
    asked = [{name: value for name, value in row.items() if name not in joined} for row in rows]
    for name, sent in (("bodies", rows), ("requests", asked)):
        bodies = [json.dumps({"use_case": use_case.name, "rows": [row]}) for row in sent]
        (folder / f"{name}.json").write_text(json.dumps(bodies))
        many = list(islice(cycle(sent), BATCH_ROWS))
        (folder / f"batch_{name}.json").write_text(json.dumps([json.dumps({"use_case": use_case.name, "rows": many})]))
    scorer = LightgbmScorer.load(files["model.txt"], Preprocessing.model_validate_json(files["preprocessing.json"]))
    encoded = [json.dumps({"inputs": scorer.preprocessing.encode_rows([row]).tolist()}) for row in rows]
    (folder / "encoded.json").write_text(json.dumps(encoded))
    _save_for_mlflow(folder)
    return float(scorer.score_rows(rows[:1])[0])


def add_shadow() -> None:
    """Deploy the same model a second time, as a shadow."""
    _deploy(load_use_case("flight_delays"), SHADOW)


def _kept_online(use_case: UseCase) -> set[str]:
    """Put the values of the day into the online store, and return the columns that they are."""
    history = _history(use_case, DAY)
    for view in current_views(use_case):
        online_store().put_many(view.id, DAY, view_rows(view, history), key=view.key)
    return {name for view in current_views(use_case) for name in view.columns}


def _save_for_mlflow(folder: Path) -> None:
    import lightgbm as lgb
    import mlflow.lightgbm

    booster = lgb.Booster(model_file=folder / "model.txt")
    mlflow.lightgbm.save_model(booster, str(folder / "mlflow"), pip_requirements=[])  # else it asks what is installed


def _trained(use_case: UseCase, keys: list[str]) -> dict[str, bytes]:
    """Return the files of a model that our own trainer made; the last day is its validation split."""
    features = _features(use_case, keys)
    labels = compute_labels(use_case, pa.concat_tables([table_of("flights", key) for key in keys]))
    last = pc.greater_equal(features.column(use_case.event_time), datetime.fromisoformat(keys[-1]))
    table = features.append_column("label", labels.column("label"))  # both are ordered by the request key
    table = table.append_column("split", pc.if_else(last, "validation", "train"))
    spec = training_spec(use_case, f"{use_case.name}/{keys[-1]}-0123456", "bench")
    labelled = table.filter(table.column("label").is_valid())
    files = train(spec, labelled, current_views(use_case)).artefacts
    learnt, held = (labelled.filter(pc.equal(labelled.column("split"), name)) for name in ("train", "validation"))
    scorer = LightgbmScorer.load(files["model.txt"], Preprocessing.model_validate_json(files["preprocessing.json"]))
    profile = profile_table(learnt, columns=scorer.preprocessing.names)
    return files | {"feature_baseline.json": feature_baseline(use_case, scorer, learnt, held, profile).canonical()}


def _features(use_case: UseCase, keys: list[str]) -> pa.Table:
    tables = {
        dataset: pa.concat_tables(
            table.append_column("partition_key", pa.repeat(key, table.num_rows))
            for key in keys
            for table in [table_of(dataset, key)]
        )
        for dataset in use_case.datasets
    }
    tables[history_name(use_case.datasets[0])] = _history(use_case, keys[0])
    return compute_features(use_case, tables)


def _history(use_case: UseCase, day: str) -> pa.Table:
    first = use_case.datasets[0]
    earlier = {key: table_of(first, key) for key in history_keys(day, use_case.history_days) if key >= "2013"}
    return history_table(earlier, day, table_of(first, day).schema)


def _register(use_case: UseCase, version: str, files: dict[str, bytes]) -> None:
    """Register the files as a version that may serve, without the gates, which judge no speed."""
    model = ModelVersion(
        use_case=use_case.name,
        version=version,
        job_id="bench",
        job_spec_sha256="0" * 64,
        dataset_version=f"{use_case.name}/2013-03-31-0123456",
        trainer="lightgbm",
        seed=use_case.train.seed,
        parameters={},
        metrics={},
        files=package_files(files),
    )
    write_package(model, files)
    states: tuple[State, ...] = ("candidate", "approved")
    for state in states:
        move_state(use_case.name, version, state, actor="benchmark", reason="a benchmark")
    admit(use_case, model, actor="benchmark")


def _deploy(use_case: UseCase, shadow: str | None = None) -> None:
    step = "shadow" if shadow else "serving"
    state = {
        "use_case": use_case.name,
        "step": step,
        "champion": VERSION,
        "candidate": shadow,
        "variants": [variant.model_dump() for variant in variants(VERSION, shadow, step)],
        "actor": "benchmark",
        "reason": "a benchmark",
    }
    metadata().append(KIND, use_case.name, state)


def _json_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
