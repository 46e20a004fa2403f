"""Models of a replay, each trained once: kept in the lake under the hash of its training set, trainer and parameters.

Policies that would train in the same night share the model. Its version is called by the last day that it learnt from.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from driftgate import uris
from driftgate.backtest.rows import LABEL, SPLIT, Rows, TrainingSet
from driftgate.compute import JobResult, JobSpec
from driftgate.compute.targets import AUTO, find_auto
from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.evaluation.holdout import Holdout, held
from driftgate.evaluation.metrics import Floats
from driftgate.evaluation.reference_sample import REFERENCE_SAMPLE, reference_sample
from driftgate.evaluation.report import EvaluationReport
from driftgate.lake import lake
from driftgate.models import Preprocessing, Scorer, Signature, load_scorer
from driftgate.monitoring import Baseline, training_baseline
from driftgate.records import canonical_json, parse_record, sha256
from driftgate.registry.package import FEATURE_BASELINE
from driftgate.registry.register import baseline_content
from driftgate.training.run import Attended
from driftgate.training.spec import training_spec
from driftgate.training.train import Trained, train

if TYPE_CHECKING:
    import pyarrow as pa

MODEL = "job.json"  # written last: a model without it is trained again
# Nobody reads how the learning went, and to measure every tree takes a while.
UNWATCHED = partial(Attended, watched=False)
NOT_OF_A_MODEL = {"job_id", "dataset_version", "target", "tags", "checkpoints"}  # of a spec: they change no byte of it


@dataclass(frozen=True)
class Model:
    """A trained model with what belongs to it; all but its files is made when it is asked for."""

    rows: Rows = field(repr=False)
    learnt: TrainingSet
    spec: JobSpec
    job: JobResult
    files: dict[str, bytes] = field(repr=False)
    own: dict[str, EvaluationReport] = field(repr=False)  # by version
    _scores: dict[str, Floats] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """What nights call it by."""
        return self.learnt.key

    @cached_property
    def scorer(self) -> Scorer:
        """The model, ready to score."""
        where = f"preprocessing.json of {self.job.job_id}"
        prepared = parse_record(json.loads(self.files["preprocessing.json"]), Preprocessing, where=where)
        return load_scorer(self.job.model_file, self.files[self.job.model_file], prepared)

    @cached_property
    def signature(self) -> Signature:
        """What its rows look like."""
        return parse_record(json.loads(self.files["signature.json"]), Signature, where=self.job.job_id)

    def scores(self, day: str) -> Floats:
        """Return its answers to the requests of a day, in the order of their rows."""
        if day not in self._scores:
            self._scores[day] = self.scorer.score_table(self.rows.by_day[day])
        return self._scores[day]

    def scores_of_labelled(self, days: Sequence[str]) -> Floats:
        """Return its answers to the requests of these days that have an outcome."""
        return np.concatenate([self.scores(day)[self.rows.labelled(day)] for day in days])

    def split(self, name: str) -> "pa.Table":
        """Return the rows of one split of its training set, as ``read_split`` does."""
        return self._splits[name]

    @cached_property
    def _splits(self) -> "dict[str, pa.Table]":
        import pyarrow.compute as pc

        table = self.rows.table(self.learnt)
        places = {name: pc.equal(table.column(SPLIT), name) for name in ("train", "validation")}
        return {name: table.filter(inside).drop_columns(SPLIT) for name, inside in places.items()}

    def held(self) -> Holdout:
        """Return the rows that it is judged on."""
        return held(self.rows.use_case, self.split("validation"), self.spec.dataset_version)

    @property
    def own_report(self) -> EvaluationReport | None:
        """Its first evaluation, as its package would have it; against which champion does not matter to who asks."""
        return self.own.get(self.version)

    @cached_property
    def baseline(self) -> Baseline:
        """What nights are held against, as ``baseline.json`` of its package would have it."""
        report = self.own_report
        if report is None:
            raise ValueError(f"{self.job.job_id} was not evaluated, so it has no baseline")
        use_case, validated = self.rows.use_case, self.scores_of_labelled(self.rows.validation_days(self.learnt))
        train, validation = self.split("train"), self.split("validation")
        scores = self.scorer.score_table(train), validated
        make = partial(training_baseline, profiled=self.rows.profiled)
        content = baseline_content(use_case, report, train, validation, scores, make)
        return parse_record(content, Baseline, where=f"the baseline of {self.job.job_id}")

    @cached_property
    def feature_baseline(self) -> bytes:
        """The content of ``feature_baseline.json`` of its package."""
        train, validation = self.split("train"), self.split("validation")
        profile = self.baseline.profile
        return feature_baseline(self.rows.use_case, self.scorer, train, validation, profile).canonical()

    @cached_property
    def reference_sample(self) -> bytes:
        """The content of ``reference_sample.parquet`` of its package."""
        return reference_sample(self.scorer.preprocessing, self.split("train"))

    def package_file(self, name: str) -> bytes | None:
        """Return a file of its package that a monitor may read."""
        if name == FEATURE_BASELINE:
            return self.feature_baseline
        if name == REFERENCE_SAMPLE:
            return self.reference_sample
        if name == "baseline.json":
            return self.baseline.canonical()
        return self.files.get(name)


class Models:
    """The models of one process; those that another process trained are read."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.trained = 0  # by this process
        self._found: dict[str, Model] = {}
        self._own: dict[str, EvaluationReport] = {}

    def of(self, key: str) -> Model:
        """Return the model that a training in the night of ``key`` gives; train it where nobody has.

        :raises SourceMissing: its window is not whole
        :raises ConfigError: its rows cannot be learnt from
        """
        if key not in self._found:
            self._found[key] = self._model(self.rows.training_set(key))
        return self._found[key]

    def forget(self, kept: Sequence[str]) -> None:
        """Free the memory of all models but those."""
        self._found = {key: model for key, model in self._found.items() if key in kept}

    def spec_of(self, learnt: TrainingSet) -> JobSpec:
        """Return the job that trains on a training set here."""
        use_case, name = self.rows.use_case, f"{learnt.key}-{learnt.inputs_sha256[:7]}"
        if use_case.train.target == AUTO:
            train_here = use_case.train.model_copy(update={"target": find_auto().local})
            use_case = use_case.model_copy(update={"train": train_here})
        return training_spec(use_case, f"{use_case.name}/{name}", f"backtest-{name}")

    def _model(self, learnt: TrainingSet) -> Model:
        spec = self.spec_of(learnt)
        about = spec.model_dump(mode="json", exclude=NOT_OF_A_MODEL)
        digest = sha256(canonical_json([about, learnt.inputs_sha256]))
        folder = f"{uris.backtest_work(spec.use_case, 'models')}/{digest}"
        if not lake().exists(f"{folder}/{MODEL}"):
            _keep(folder, spec, train(spec, self.rows.table(learnt), attend=UNWATCHED))
            self.trained += 1
        job = parse_record(json.loads(lake().read(f"{folder}/{MODEL}")), JobResult, where=folder)
        files = {name: lake().read(f"{folder}/{name}") for name in job.artefacts}
        return Model(self.rows, learnt, spec, job, files, self._own)


def _keep(folder: str, spec: JobSpec, trained: Trained) -> None:
    for name, data in trained.artefacts.items():
        lake().write(f"{folder}/{name}", data)
    made = JobResult(
        job_id=spec.job_id,
        spec_sha256=spec.hash,
        artefacts={name: sha256(data) for name, data in trained.artefacts.items()},
        model_file=trained.model_file,
        metrics={name: value for name, value in trained.metrics.items() if not name.endswith("_per_second")},
        stop_reason=trained.stop_reason,
        seconds=0,
        cpu_seconds=0,
        peak_memory_mib=0,
    )
    lake().write(f"{folder}/{MODEL}", made.canonical())


def unlabelled(rows: "pa.Table") -> "pa.Table":
    """Return rows as requests have them."""
    return rows.drop_columns(LABEL)
