"""Checkpoints: whole or passed over, of this job only, two kept, none left behind."""

import logging
from collections.abc import Callable

import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.training.checkpoints import clear, folder, newest, save
from driftgate.training.stopping import Learnt

LEARNT = Learnt(best_iteration=3, best_value=0.7, gain_iteration=3, gain_value=0.7, values=(0.5, 0.6, 0.7))


@pytest.fixture
def spec(make_spec: Callable[..., JobSpec]) -> JobSpec:
    return make_spec()


def test_the_newest_comes_back_as_it_was_and_two_are_kept(spec: JobSpec) -> None:
    for iteration in (8, 9, 100):
        save(spec, iteration, LEARNT, {"trees": b"a\n\nb" * iteration, "empty": b""})
    found = newest(spec)
    assert found is not None
    assert (found.manifest.iteration, found.manifest.learnt) == (100, LEARNT)
    assert found.state == {"trees": b"a\n\nb" * 100, "empty": b""}
    assert len(lake().list(folder(spec.job_id))) == 2


@pytest.mark.parametrize(
    "broken",
    [
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: b"",
        lambda data: data[:-3] + b"xyz",
        lambda data: data.replace(b'"iteration":9', b'"iteration":7'),
    ],
    ids=["cut", "cut in its head", "empty", "a part changed", "its manifest changed"],
)
def test_a_broken_one_falls_back_to_the_one_before_with_a_warning(
    spec: JobSpec, broken: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    save(spec, 8, LEARNT, {"trees": b"eight"})
    save(spec, 9, LEARNT, {"trees": b"nine."})
    path = lake().list(folder(spec.job_id))[-1]
    lake().write(path, broken(lake().read(path)))
    with caplog.at_level(logging.WARNING):
        found = newest(spec)
    assert found is not None
    assert (found.manifest.iteration, found.state) == (8, {"trees": b"eight"})
    assert "is passed over: its" in caplog.text
    lake().delete(lake().list(folder(spec.job_id))[0])
    assert newest(spec) is None


def test_one_of_another_dataset_version_is_refused(spec: JobSpec) -> None:
    save(spec, 8, LEARNT, {})
    other = spec.model_copy(update={"dataset_version": "flight_delays/2013-04-01-aaaaaaa"})
    with pytest.raises(ConfigError, match="is of dataset version flight_delays/2013-03-31-3f9c2a1, but job job-1 trai"):
        newest(other)


def test_with_other_settings_it_begins_anew_and_keeps_its_own(spec: JobSpec, caplog: pytest.LogCaptureFixture) -> None:
    for iteration in (400, 500):
        save(spec, iteration, LEARNT, {})
    other = spec.model_copy(update={"seed": 99})
    assert newest(other) is None
    assert "the settings of job job-1 have changed since its checkpoint" in caplog.text
    save(other, 10, LEARNT, {})
    found = newest(other)
    assert found is not None
    assert found.manifest.iteration == 10


def test_nothing_is_left_of_a_job_that_is_done(spec: JobSpec) -> None:
    save(spec, 8, LEARNT, {})
    clear(spec.job_id)
    assert newest(spec) is None
    assert not lake().list(folder(spec.job_id))
