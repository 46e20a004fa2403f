"""The page of a model says what became of it since its package was closed, and escapes what people wrote."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from driftgate import uris
from driftgate.catalog.entries import Catalog
from driftgate.catalog.model_page import decisions, render_model_page, write_model_page, write_pages
from driftgate.catalog.models import KnownModel, model_entries
from driftgate.catalog.page import render_catalog
from driftgate.evaluation.dataset_check import DatasetCheck
from driftgate.lake import lake
from driftgate.promotion.changes import change_of
from driftgate.registry import ModelVersion, find_model
from driftgate.registry.card_record import Card, Points, Section, Table
from driftgate.registry.package import load_card
from driftgate.registry.states import move_state
from driftgate.use_cases import load_use_case

NAME = "flight_delays"
CARD = Card(
    use_case=NAME,
    version="1",
    technical=(
        Section(
            title="Results", blocks=("On `rows` <later>:", Table(head=("", "AUC"), rows=(("**this version**", "0.7"),)))
        ),
    ),
    plain=(Section(title="What it does", blocks=(Points(points=("It <b>tells</b> of delays.",)),)),),
)


@pytest.fixture
def model(put_package: Callable[..., ModelVersion]) -> ModelVersion:
    put_package("1", {"feature_baseline.json": b"{}", "card.json": CARD.canonical()}, job_id="job-1")
    return find_model(NAME, "1")


def page() -> str:
    return lake().read(uris.model_page(NAME, "1")).decode()


def test_it_has_both_renderings_and_marks_up_names_only(model) -> None:
    write_model_page(NAME, "1")
    for part in (
        "<h3>What it does</h3>",
        "<li>It &lt;b&gt;tells&lt;/b&gt; of delays.</li>",
        "<p>On <code>rows</code> &lt;later&gt;:</p>",
        "<td><b>this version</b></td><td>0.7</td>",
        "Version 1 has met no traffic.",
    ):
        assert part in page()
    assert "href" not in page(), "nothing that is not there is linked"


def test_it_links_what_is_there(model) -> None:
    for path in (
        uris.evaluation_report(NAME, "job-1", "html"),
        uris.promotion_page(NAME, "1"),
        uris.experiment(NAME, model.dataset_version, "tradeoff.json"),
    ):
        lake().write(path, b"")
        write_model_page(NAME, "1")
        assert f'<a href="../../../{path}">' in page()


def test_decisions_are_those_until_now(model) -> None:
    assert decisions(NAME, "9").blocks == ()
    move_state(NAME, "1", "rejected", actor="<ann>", reason="looked at it")
    with change_of(load_use_case(NAME), "start_shadow", "1", requester="bert", reason="a test", approver="ann"):
        pass
    states, changes = decisions(NAME, "1").blocks
    assert [row[1:] for row in states.rows] == [
        ("candidate", "test", "a test"),
        ("approved", "test", "a test"),
        ("rejected", "<ann>", "looked at it"),
    ]
    assert changes.rows[0][1:] == ("start_shadow", "bert", "ann", "open", "a test")
    write_pages(load_use_case(NAME), "1")
    assert "&lt;ann&gt;" in page()
    assert lake().exists(uris.promotion_page(NAME, "1"))


def test_a_package_of_before_or_a_changed_one_keeps_the_page_that_it_has(model, put_package) -> None:
    put_package("2", {"feature_baseline.json": b"{}", "card.md": b"# old"})
    assert load_card(NAME, "2") is None
    write_model_page(NAME, "1")
    before = page()
    lake().write(f"{model.folder}/card.json", CARD.model_copy(update={"plain": ()}).canonical())
    for version in ("1", "2", "3"):
        write_model_page(NAME, version)
    assert page() == before
    assert not lake().exists(uris.model_page(NAME, "2"))


def test_the_same_records_give_the_same_bytes(model) -> None:
    assert render_model_page(CARD, model) == render_model_page(CARD, model)


def test_the_catalogue_brings_the_pages_of_all_models_up_to_date(model, monkeypatch) -> None:
    build: Any = import_module("driftgate.catalog.build")
    entry = build.ModelEntry(name=f"{NAME}/1", use_case=NAME, dataset_version="a", features=(), sensitivity="public")
    catalog = build.Catalog(datasets=(), features=(), models=(entry,))
    monkeypatch.setattr(build, "build_catalog", lambda: catalog)
    build.sync_catalog()
    assert "What it does" in page()
    assert f'<a href="../models/{NAME}/1.html">{NAME}/1</a>' in lake().read(uris.catalog()).decode()


def test_the_catalogue_says_how_what_a_model_was_trained_on_was_tested(project_home) -> None:
    version = f"{NAME}/2013-03-31-3f9c2a1"
    known = [
        KnownModel(f"{NAME}/1", version, (), None),
        KnownModel(f"{NAME}/2", f"{NAME}/2013-04-09-1a2b3c4", (), None),
    ]
    made = DatasetCheck(
        use_case=NAME, dataset_version=version, dataset_sha256="a" * 64, champion="1", model_sha256="b" * 64,
        contracts=(), scores=(), verdict="fails", sentence="AUC is 0.6 against 0.7.",
    )  # fmt: skip
    lake().write(uris.dataset_check(version), made.canonical())
    entries = model_entries(NAME, known, [])
    assert [entry.dataset_check for entry in entries] == ["fails", None]
    shown = render_catalog(Catalog(datasets=(), features=(), models=tuple(entries))).decode()
    assert shown.count("/check.json") == 1
    assert f'<a href="../datasets/{version}/check.json">' in shown
    lake().write(uris.dataset_check(version), b"{}")
    assert model_entries(NAME, known, [])[0].dataset_check is None, "it is of another version of Driftgate"
