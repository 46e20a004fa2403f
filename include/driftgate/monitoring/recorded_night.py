"""A night as lake and registry have it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.captures.sampling import thinned
from driftgate.lake import lake
from driftgate.monitoring.answers import answers
from driftgate.monitoring.baseline import Baseline, load_baseline
from driftgate.monitoring.ground_truth import read_joined
from driftgate.monitoring.night import Night
from driftgate.monitoring.past import RecordedPast
from driftgate.profiles import Profile, read_profile
from driftgate.use_cases import UseCase
from driftgate.validation_report import ValidationReport, report_at

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Preprocessing, Scorer
    from driftgate.reviews.agreement import Reviewed


class RecordedNight(Night):
    """One recorded night; ``read`` are the paths that were read for it."""

    def __init__(self, use_case: UseCase, key: str) -> None:
        super().__init__(use_case, key, RecordedPast(use_case.name))
        self.read: set[str] = set()

    def answers_of(self, day: str) -> "pa.Table":
        self.read.add(uris.captures(self.use_case.name, day))
        return answers(self.use_case.name, day)

    def captures_of(self, day: str) -> "pa.Table":
        self.read.add(uris.captures(self.use_case.name, day))
        return thinned(self.use_case.name, read_captures(self.use_case.name, day))

    def validated(self, dataset: str) -> ValidationReport | None:
        path = uris.validation_report(dataset, self.key)
        if not lake().exists(path):
            return None
        self.read.add(path)
        return report_at(lake(), path)

    def partition_profile(self, dataset: str) -> Profile | None:
        return read_profile(dataset, self.key)

    def reviewed(self) -> "Sequence[Reviewed]":
        from driftgate.reviews.agreement import random_sample

        return random_sample(self.use_case, self.key, self.served)

    def joined_of(self, day: str) -> "pa.Table | None":
        path = uris.joined(self.use_case.name, day)
        if not lake().exists(f"{path}/manifest.json"):
            return None
        self.read.add(path)
        return read_joined(self.use_case.name, day)

    def offline_features(self, day: str) -> "pa.Table":
        from driftgate.datasets import trained_features
        from driftgate.registry import find_model

        self.read |= {uris.partition("validated", dataset, day) for dataset in self.use_case.datasets}
        return trained_features(find_model(self.use_case.name, self.served).dataset_version, day)

    def baseline_of(self, version: str) -> Baseline:
        return load_baseline(self.use_case.name, version)

    def package_file(self, version: str, name: str) -> bytes | None:
        path = f"{uris.package(self.use_case.name, version)}/{name}"
        return lake().read(path) if lake().exists(path) else None

    def scorer_of(self, version: str) -> "Scorer":
        from driftgate.registry import load_package

        return load_package(self.use_case.name, version).scorer

    def preprocessing_of(self, version: str) -> "Preprocessing":
        from driftgate.registry import load_preprocessing

        return load_preprocessing(self.use_case.name, version)
