"""One small real model with a golden set, registered and serving; made once, because MLflow takes seconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.evaluation.golden import golden_set
from driftgate.fingerprint import fingerprint
from driftgate.models import Preprocessing, Signature
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.profiles import profile_table
from driftgate.promotion import deployment, switch_champion
from driftgate.recovery import release_of
from driftgate.registry import ModelVersion
from driftgate.registry.releases import Release
from driftgate.registry.tracking import claim_version
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"


@pytest.fixture(scope="session")
def use_case() -> UseCase:
    return load_use_case(NAME)


@pytest.fixture(scope="session")
def files(use_case: UseCase) -> dict[str, bytes]:
    """The files of a package."""
    chance = np.random.default_rng(3)
    distance = chance.uniform(100, 3000, 400)
    rows = pa.table({"carrier": chance.choice(["UA", "B6"], 400), "distance_miles": distance})
    labels = chance.random(400) < distance / 4000
    judged = rows.append_column("label", [labels])
    preprocessing = Preprocessing.fit(rows, rows.column_names)
    data = lgb.Dataset(preprocessing.encode_table(rows), labels, feature_name=preprocessing.names)
    booster = lgb.train({"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1}, data, 10)
    scorer = LightgbmScorer.load(booster.model_to_string(), preprocessing)
    untiered = use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"tiers": {}})})
    profile = profile_table(rows, columns=preprocessing.names)
    return {
        "model.txt": booster.model_to_string().encode(),
        "preprocessing.json": preprocessing.canonical(),
        "signature.json": Signature.of(rows, preprocessing, ()).canonical(),
        "feature_baseline.json": feature_baseline(untiered, scorer, rows, judged, profile).canonical(),
        "golden.json": golden_set(
            use_case, scorer, judged, trained_in=fingerprint(), scored_in=fingerprint()
        ).canonical(),
    }


@pytest.fixture(scope="session")
def serving_home(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    put_package: Callable[..., ModelVersion],
    leave_receipts: Callable[..., None],
    use_case: UseCase,
) -> Path:
    home = tmp_path_factory.mktemp("serving")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        for job in ("job-1", "job-2"):
            leave_receipts(put_package(claim_version(NAME, job, {}, {"auc": 0.7}), files))
        switch_champion(use_case, "2", actor="anna", reason="the first model")
    return home


@pytest.fixture
def serving(serving_home: Path, project_home: Path) -> Path:
    """The state folder, in which version 2 serves; version 1 is registered."""
    shutil.copytree(serving_home, project_home, dirs_exist_ok=True)
    return project_home


@pytest.fixture
def release(serving: Path, use_case: UseCase) -> Release:
    """The release of version 2."""
    state = deployment(NAME)
    assert state is not None
    return release_of(use_case, state)


@pytest.fixture
def lost(serving: Path, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty environment with a copy of the lake and the public keys, and nothing else."""
    home = tmp_path / "new"
    shutil.copytree(serving / "lake", home / "lake")
    (home / "keys").mkdir()
    for key in (serving / "keys").glob("*.pub.pem"):
        shutil.copy(key, home / "keys")
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    return home
