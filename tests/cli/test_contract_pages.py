"""``driftgate contract render`` and ``docs``: what follows from a contract, for programs and for people."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from driftgate.contracts import contract_names, load_contract
from driftgate.contracts.document import render_document
from driftgate.contracts.words import in_words


def test_render_prints_all_that_is_generated_from_a_contract(run: Callable[..., Any]) -> None:
    answer = run("contract", "render", "flights")
    printed, contract = json.loads(answer.stdout), load_contract("flights")

    assert printed["contract"] == contract.label
    assert printed["delivered"]["scheduled_departure"] == "timestamp[us]"
    assert "arr_delay_minutes" in printed["published"]
    assert "arr_delay_minutes" not in printed["request"]
    assert printed["rules"]["origin.known"].startswith("known values of origin must be one of EWR, JFK, LGA")
    assert {item["meta"]["rule"] for item in printed["suite"]["expectations"]} <= set(printed["rules"])


def test_render_of_an_unknown_dataset_is_a_sentence(run: Callable[..., Any]) -> None:
    answer = run("contract", "render", "flight")
    assert answer.exit_code == 1
    assert "did you mean 'flights'?" in answer.stderr


def test_docs_writes_a_page_per_dataset(run: Callable[..., Any], tmp_path: Path) -> None:
    answer = run("contract", "docs", "--out", tmp_path / "new" / "pages")
    assert answer.exit_code == 0, answer.stderr
    assert sorted(path.stem for path in (tmp_path / "new" / "pages").glob("*.html")) == contract_names()


def test_docs_into_a_file_is_a_sentence(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("contract", "docs", "--out", tmp_path / "file")
    assert answer.exit_code == 2
    assert "'--out'" in answer.stderr


def test_a_page_names_every_column_and_rule_and_the_terms() -> None:
    contract = load_contract("flights")
    page = render_document(contract).decode()

    for column in contract.columns:
        assert f"<td>{column.name}</td>" in page
    for rule in contract.rules:
        assert f"<td>{rule.id}</td>" in page
    for fact in (
        "network-operations",
        "CC0-1.0",
        "public domain",
        "10950 days",
        "parquet files nycflights/flights/{key}",
    ):
        assert fact in page


def test_a_page_escapes_what_a_contract_says_and_loads_nothing() -> None:
    contract = load_contract("planes")
    planted = contract.model_copy(
        update={
            "purpose": "<script>alert(1)</script>",
            "columns": (contract.columns[0].model_copy(update={"description": "<img src=x>", "unit": "<b>"}),),
            "rules": (contract.rules[0].model_copy(update={"description": "</table>&"}),),
        }
    )
    page = render_document(planted).decode()

    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;b&gt;" in page
    assert "&lt;/table&gt;&amp;" in page
    assert not re.search(r"""(src|href)=["']?http""", page)


def test_every_rule_has_words() -> None:
    for name in contract_names():
        for rule in load_contract(name).rules:
            words = in_words(rule)
            assert words.endswith(("fails", "quarantine", "reported"))
            assert "None" not in words
