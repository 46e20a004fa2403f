"""The card tells a person what the version is for, how it was measured, and where it comes from."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
import yaml

from driftgate.errors import ConfigError, PromotionRefused
from driftgate.evaluation.report import CaseResult, SegmentResult, SplitDistance
from driftgate.lake import lake
from driftgate.monitoring import training_baseline
from driftgate.registry import list_models, register_job
from driftgate.registry.card import PLAIN, TECHNICAL, card_files
from driftgate.registry.card_record import Card, Section, Table, markdown
from driftgate.registry.card_text import CardText, card_text

card_module = import_module("driftgate.registry.card")


@pytest.fixture
def card(finished, use_case, mlflow_database) -> str:
    finished()
    register_job(use_case, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
    return lake().read("models/flight_delays/1/card.md").decode()


FACTS = (
    "# flight_delays, version 1",
    "Will this flight arrive more than 15 minutes late",
    "Owner: network-operations (network-ops@example.com)",
    "above a score of 0.182",
    "| trained on | 2013-03-01 to the day before 2013-03-08 | 280 |",
    "| validated on | 2013-03-08 to 2013-03-10 | 120 |",
    "Of 400 rows 150 (37.5%) are positive",
    "| **this version** | 0.7000 (0.6500 to 0.7500) |",
    "| champion 1 | 0.7000 |",
    "| baseline: rule | 0.7000 |",
    "- **uplift: pass.** So it is.",
    "The 3 most important of 3 features:",
    "| `carrier` | critical | ",
    "Features that say nearly the same (rank correlation): none.",
    "12 requests of the window have no outcome",
    "Columns that identify but are not learnt: flight, scheduled_departure, tail_number.",
    "Training stopped early on the validation rows",
    "Job `job-1`, dataset version `flight_delays/2013-03-10-3f9c2a1`",
    "Trainer lightgbm, seed 7, early_stopping_round=30, num_leaves=4",
    "- `model.txt` sha256 `",
    "- For explainability: data-science@example.com",
    "Risk rating: **medium**. A candidate goes by `canary`, because: Passengers are rebooked",
    "- Warning passengers and staff before departure",
    "- Ranking, paying or dropping carriers",
    "**Who is affected**",
    "- A late flight without a warning: missed connections",
    "1 of 1 gates said pass",
    "`model.txt` is data; loading it executes no code",
    "- Act above the score at which an alarm pays",
)
PLAIN_FACTS = (
    "# flight_delays, version 1, in plain words",
    "The model looks at a flight that is about to leave New York",
    "It was tried on 120 cases of 2013-03-08 to 2013-03-10 that it had never seen.",
    "It warns when it thinks that the chance is above 18%",
    "1 USD per 1,000 cases; it would have been 1 USD with the model that is in use, 1 USD with a simple rule of thumb.",
    "of 3 things that it looks at: carrier, ",
    "Nobody has looked at that: no groups are named",
    "It passed 1 of 1 checks before anybody relied on it. The risk that it carries is rated medium.",
    "- Questions about whom it treats differently: model-fairness@example.com",
)


def test_both_renderings_say_what_is_recorded(card: str) -> None:
    assert [fact for fact in FACTS if fact not in card] == []
    plain = lake().read("models/flight_delays/1/card_plain.md").decode()
    assert [fact for fact in PLAIN_FACTS if fact not in plain] == []
    for title in TECHNICAL:
        assert f"\n## {title}\n" in card
    for title in PLAIN:
        assert f"\n## {title}\n" in plain
    for word in ("AUC", "log loss", "SHAP", "quantile", "candidate"):
        assert word not in plain, "people who know nothing of models read it"


def test_the_card_is_data_too(card: str) -> None:
    read = Card.model_validate_json(lake().read("models/flight_delays/1/card.json"))
    assert card_files(read)["card.md"].decode() == card


@pytest.mark.parametrize("title", ["Fairness", "Usage", "Ethical considerations"])
def test_a_card_without_a_section_stops_the_registration(
    finished, use_case, mlflow_database, monkeypatch, title
) -> None:
    finished()
    monkeypatch.setattr(card_module, "measured", without(card_module.measured, title))
    monkeypatch.setattr(card_module, "_closing", without(card_module._closing, title))
    with pytest.raises(PromotionRefused, match=f"says nothing under '{title}', so it is not registered"):
        register_job(use_case, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
    assert list_models("flight_delays") == []


def without(sections: Callable[..., Iterator[Any]], left_out: str) -> Callable[..., Iterator[Any]]:
    return lambda facts: (found for found in sections(facts) if found[0] != left_out)


@pytest.mark.parametrize("key", CardText.model_fields)
def test_what_people_write_must_be_whole(tmp_path, use_case, key) -> None:
    written = yaml.safe_load((use_case.folder / "card.yaml").read_text())
    assert card_text(use_case) == CardText.model_validate(written)
    with pytest.raises(
        PromotionRefused, match=r"card\.yaml does not exist, so no model of flight_delays is registered"
    ):
        card_text(use_case, tmp_path)
    (tmp_path / "card.yaml").write_text(yaml.safe_dump({**written, key: None}))
    with pytest.raises(ConfigError, match=f"card.yaml: key '{key}'"):
        card_text(use_case, tmp_path)


def test_a_table_survives_what_is_in_its_cells() -> None:
    block = Table(head=("", "a|b"), rows=(("x", "1 | 2"),))
    assert markdown("T", [Section(title="S", blocks=(block,))]) == (
        "# T\n\n## S\n\n| | a\\|b |\n|---|---|\n| x | 1 \\| 2 |\n"
    )


def test_the_card_says_how_well_the_validation_rows_stand_for_what_is_asked(
    finished, use_case, mlflow_database
) -> None:
    distance = {"first": "train", "second": "validation", "kolmogorov_smirnov": None}
    finished(
        segments=(
            SegmentResult(segment="night", rows=1258, min_rows=80, value=0.73, bias=0.008),
            SegmentResult(segment="fog", rows=0, min_rows=1, value=None, bias=None),
        ),
        splits=tuple(SplitDistance(feature=name, psi=psi, **distance) for name, psi in (("dest", 0.1), ("seats", 0.3))),
        edge_cases=(CaseResult(case="fog", score=0.1, changed_score=0.2, verdict="pass", sentence="Fog holds."),),
    )
    register_job(use_case, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
    card = lake().read("models/flight_delays/1/card.md").decode()
    assert "| night | 1,258 | 80 | 0.7300 | 0.0080 |\n| fog | 0 | 1 |  |  |" in card
    assert "Furthest apart between train and validation rows, by PSI: `seats` 0.300, `dest` 0.100." in card
    assert "- pass: Fog holds." in card


def test_an_evaluation_of_before_has_no_such_section(card: str) -> None:
    assert "## Validation" not in card
