"""What a release names is enough to serve the same answers again from nothing."""

import json
import shutil

import pytest

from driftgate import uris
from driftgate.errors import ConfigError, PromotionRefused, Tampered
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion import deployment
from driftgate.recovery import release_of, restore_release
from driftgate.registry import champion, find_model, list_models, load_package
from driftgate.registry.releases import KEPT, Release, find_release, kept_releases, releases
from driftgate.registry.states import model_state
from driftgate.registry.tracking import claim_version

NAME = "flight_delays"


def test_a_switch_ties_everything_together_and_again_is_the_same_release(release, use_case):
    model = find_model(NAME, "2")
    assert release.package_sha256 == model.package_hash
    assert release.golden_sha256 == model.files["golden.json"].sha256
    assert (release.dataset_version, release.switched_by) == (model.dataset_version, "anna")
    assert len(release.infra_sha256) == len(release.endpoint.plan_sha256) == 64
    assert release_of(use_case, deployment(NAME)) == release
    assert releases(NAME) == [release] == [find_release(NAME, release.id)]


def test_from_the_lake_alone_the_same_rows_get_the_same_answers(lost, release, use_case):
    assert list_models(NAME) == []
    package = restore_release(use_case, release.id, actor="ben")
    assert (package.checked.max_difference, package.checked.rows) == (0, len(package.golden.rows))
    assert package.scorer.score_rows(package.golden.rows).tolist() == list(package.golden.scores)
    state = deployment(NAME)
    assert (state.champion, state.step, state.actor) == ("2", "serving", "ben")
    assert state.reason == f"restored from release {release.id}"
    assert champion(NAME).version == "2"
    assert model_state(NAME, "2").state == "champion"
    assert claim_version(NAME, "job-9", {}, {}) == "3"  # no number of the lake is given again


def test_again_it_changes_nothing(lost, release, use_case):
    restore_release(use_case, release.id, actor="ben")
    state = deployment(NAME)
    restore_release(use_case, release.id, actor="ben")
    assert deployment(NAME) == state


def test_where_another_version_serves_nothing_is_restored(release, use_case, monkeypatch):
    state = deployment(NAME).model_copy(update={"champion": "1"})
    body = state.model_dump(mode="json", exclude={"revision"})
    metadata().append("deployment", NAME, body | {"variants": [{"version": "1", "role": "champion", "weight": 100}]})
    with pytest.raises(PromotionRefused, match=r"Version 1 of flight_delays serves here.*flight_delays\.rollback"):
        restore_release(use_case, release.id, actor="ben")


@pytest.mark.parametrize("damage", ["gone", "changed", "unsigned", "key", "model"])
def test_what_is_not_the_release_is_refused_and_leaves_nothing(lost, release, use_case, damage):
    folder = uris.package(NAME, "2")
    if damage == "key":
        shutil.rmtree(lost / "keys")
    elif damage == "changed":
        lake().write(f"{folder}/package.json", lake().read(f"{folder}/package.json") + b" ")
    elif damage == "model":
        lake().write(f"{folder}/model.txt", b"tree")
    else:
        lake().delete(f"{folder}/{'package.json' if damage == 'gone' else 'package.sig'}")
    with pytest.raises(Tampered):
        restore_release(use_case, release.id, actor="ben")
    assert deployment(NAME) is None
    assert model_state(NAME, "2") is None
    assert (list_models(NAME) == []) == (damage != "model")


def test_an_unknown_release_is_told_with_those_there_are(release, use_case):
    with pytest.raises(ConfigError, match=f"no release '{release.id}x'; did you mean '{release.id}'"):
        restore_release(use_case, f"{release.id}x", actor="ben")


def test_a_changed_release_is_not_read(release):
    path = uris.release(NAME, release.id)
    lake().write(path, lake().read(path).replace(b'"anna"', b'"otto"'))
    with pytest.raises(ConfigError, match="is not as it was written"):
        releases(NAME)
    lake().write(path, b"{")
    with pytest.raises(ConfigError, match="is not JSON"):
        releases(NAME)


def test_the_newest_are_kept(release):
    others = [
        Release.model_validate({**json.loads(release.canonical()), "switched_at": f"2027-01-0{day}T00:00:00Z"})
        for day in range(1, 8)
    ]
    for one in others:
        lake().write(uris.release(NAME, one.id), one.canonical())
    assert kept_releases(NAME) == others[-KEPT:]
    assert load_package(NAME, "2").checked is None
