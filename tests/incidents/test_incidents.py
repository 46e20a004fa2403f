"""What an incident leads to: nothing gets more traffic, the champion before serves, and the evidence is kept."""

import io
import json
import tarfile
from types import SimpleNamespace

import pytest

from driftgate import incidents
from driftgate.datasets.quarantined_days import lift_quarantine, quarantined_days
from driftgate.errors import ConfigError, PromotionRefused
from driftgate.incidents import bundle
from driftgate.lake import lake
from driftgate.promotion import deployment, roll_back, start_shadow
from driftgate.promotion.freeze import freeze, freeze_of, unfreeze
from driftgate.records import sha256
from driftgate.registry import champion
from driftgate.registry.states import model_state
from driftgate.signing import parse_signature, verify
from driftgate.use_cases import load_use_case

NAME = "flight_delays"
DAYS = {"first_day": "2013-04-02", "last_day": "2013-04-03"}
STEPS = (incidents.freeze_promotions, incidents.give_back_traffic, incidents.set_apart)


@pytest.fixture
def use_case():
    return load_use_case(NAME)


@pytest.fixture
def incident(use_case, harmed):
    return incidents.open_incident(use_case, "2", **DAYS, actor="anna", reason="answers are upside down")


def test_the_champion_before_serves_and_the_suspect_is_in_quarantine(use_case, incident):
    for step in STEPS:
        step(use_case, incident)
    assert (deployment(NAME).champion, deployment(NAME).previous, champion(NAME).version) == ("1", None, "1")
    assert model_state(NAME, "2").state == "quarantined"
    assert quarantined_days(NAME) == {"2013-04-02", "2013-04-03"}


def test_the_whole_answer_again_changes_nothing(use_case, incident):
    first = [step(use_case, incident) for step in STEPS]
    after = deployment(NAME)
    again = incidents.open_incident(use_case, "2", **DAYS, actor="ben", reason="answers are upside down")
    assert again == incident
    for step in STEPS:
        step(use_case, again)
    assert deployment(NAME) == after
    assert "are in quarantine, and so is version 2" in first[2]
    assert len(incidents.incidents(NAME)) == 1


def test_a_suspected_candidate_leaves_and_the_champion_stays(use_case, harmed):
    start_shadow(use_case, "3", actor="anna", reason="a test")
    incident = incidents.open_incident(use_case, "3", **DAYS, actor="anna", reason="it leaks")
    for step in STEPS:
        step(use_case, incident)
    assert (deployment(NAME).champion, deployment(NAME).candidate) == ("2", None)
    assert model_state(NAME, "3").state == "quarantined"


def test_a_candidate_beside_a_suspected_champion_leaves_too(use_case, harmed):
    start_shadow(use_case, "3", actor="anna", reason="a test")
    incident = incidents.open_incident(use_case, "2", **DAYS, actor="anna", reason="it leaks")
    assert "Version 1 of flight_delays serves" in incidents.give_back_traffic(use_case, incident)
    assert (deployment(NAME).candidate, model_state(NAME, "3").state) == (None, "approved")


def test_without_a_champion_before_the_suspect_serves_on_and_everything_says_so(use_case, incident, deployed):
    deployed("2")
    told = [step(use_case, incident) for step in STEPS]
    assert "goes on serving: no champion before it may serve" in told[1]
    assert "version 2 is not, for it still serves" in told[2]
    assert model_state(NAME, "2").state == "champion"


def test_while_frozen_nothing_moves_but_back(use_case, harmed):
    start_shadow(use_case, "3", actor="anna", reason="a test")
    freeze(NAME, actor="anna", reason="we look into it")
    assert roll_back(use_case, actor="anna", reason="a test").candidate is None
    with pytest.raises(PromotionRefused, match=r"frozen by anna \(we look into it\).*promotion unfreeze flight_delays"):
        start_shadow(use_case, "3", actor="ben", reason="a test")
    unfreeze(NAME, actor="ben", reason="found nothing")
    assert start_shadow(use_case, "3", actor="ben", reason="a test").candidate == "3"


def test_a_freeze_that_is_none_and_a_reason_that_is_missing_are_named(project_home):
    with pytest.raises(ConfigError, match="are not frozen; there is nothing to end"):
        unfreeze(NAME, actor="anna", reason="done")
    with pytest.raises(ConfigError, match="needs a reason"):
        freeze(NAME, actor="anna", reason=" ")
    assert freeze_of(NAME) is None


def test_what_cannot_be_an_incident_is_named(use_case, harmed):
    for changes, said in (
        ({"version": "9"}, "no model version '9'"),
        ({"last_day": "2013-04-01"}, "2013-04-01"),
        ({"first_day": "yesterday"}, "yesterday"),
        ({"reason": " "}, "needs a reason"),
    ):
        asked = {"version": "2", **DAYS, "actor": "anna", "reason": "harm", **changes}
        with pytest.raises(ConfigError, match=said):
            incidents.open_incident(use_case, **asked)
    assert incidents.incidents(NAME) == []
    with pytest.raises(ConfigError, match="has no incident 'x'"):
        incidents.find_incident(NAME, "x")


def test_the_quarantine_of_days_ends_once(use_case, incident):
    incidents.set_apart(use_case, incident)
    lift_quarantine(NAME, incident.id, actor="anna", reason="the rows are right")
    assert quarantined_days(NAME) == set()
    with pytest.raises(ConfigError, match="No days of flight_delays are in quarantine for"):
        lift_quarantine(NAME, incident.id, actor="anna", reason="again")


class TestBundle:
    def read(self, incident):
        data = lake().read(f"reports/incidents/{NAME}/{incident.id}/bundle.tar")
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return data, {entry.name: tar.extractfile(entry).read() for entry in tar}

    def test_it_holds_requests_and_histories_and_the_hash_of_each(self, use_case, incident):
        for step in STEPS:
            step(use_case, incident)
        manifest = incidents.export_bundle(use_case, incident)
        data, files = self.read(incident)
        assert manifest.bundle_sha256 == sha256(data)
        assert manifest.files == {name: sha256(content) for name, content in files.items()}
        assert len(files["requests/2013-04-02.jsonl"].splitlines()) == 2
        assert files["requests/2013-04-03.jsonl"] == b""
        moves = [json.loads(line) for line in files["deployments.jsonl"].splitlines()]
        assert [move["champion"] for move in moves] == ["2", "1"]
        assert b"roll_back" in files["changes.jsonl"]
        assert b"quarantined" in files["model_states.jsonl"]
        assert b"upside down" in files["freezes.jsonl"]

    def test_its_manifest_is_signed(self, use_case, incident):
        manifest = incidents.export_bundle(use_case, incident)
        folder = f"reports/incidents/{NAME}/{incident.id}"
        raw = lake().read(f"{folder}/manifest.json")
        signature = parse_signature(lake().read(f"{folder}/manifest.signature.json"), folder)
        verify("incident", raw, signature, what="the manifest")
        assert raw == manifest.canonical()

    def test_personal_values_are_masked_by_form_and_by_contract(self, use_case, incident, monkeypatch):
        monkeypatch.setattr(bundle, "load_contract", lambda _: SimpleNamespace(masked=frozenset({"carrier"})))
        incidents.export_bundle(use_case, incident)
        row = json.loads(self.read(incident)[1]["requests/2013-04-02.jsonl"].splitlines()[0])
        assert row["features"] == {"flight": 0, "carrier": "***", "note": "write to ***"}

    def test_what_was_exported_once_stays(self, use_case, incident):
        first, before = incidents.export_bundle(use_case, incident), self.read(incident)[0]
        incidents.freeze_promotions(use_case, incident)
        assert (incidents.export_bundle(use_case, incident), self.read(incident)[0]) == (first, before)
