"""The page of an evaluation says the verdict first, shows everything that was measured, and escapes it."""

import re

import pytest

from driftgate.evaluation import evaluate
from driftgate.evaluation.page import render_page, write_page
from driftgate.evaluation.report import GateResult
from driftgate.explanation_policy import Explain
from driftgate.gate_policy import SliceGate, Waiver
from driftgate.lake import lake
from driftgate.robustness_policy import RobustnessGate
from driftgate.use_cases import load_use_case

VERSION = "flight_delays/2013-03-30-3f9c2a1"
UNDRAWN = {"curves": None, "explanation": None, "robustness": None, "slices": (), "reliability": ()}
FAILED = GateResult(
    gate="cost", value=-1470.9, interval=(-3451.0, 353.0), threshold=-500, verdict="fail", sentence="So."
)


@pytest.fixture(scope="module")
def reports():
    """What was evaluated already: once is enough for all tests here."""
    return []


@pytest.fixture
def report(reports, request):
    """Everything that is measured, beside a champion."""
    if not reports:
        names = ("use_case", "folder", "job", "artefacts", "champion")
        reports.append(evaluated(*(request.getfixturevalue(name) for name in names)))
    return reports[0]


def evaluated(use_case, folder, job, artefacts, champion):
    gates = use_case.gates.model_copy(
        update={
            "slices": SliceGate(by=("carrier", "origin"), worst_loss=0.05, min_rows=200),
            "robustness": RobustnessGate(at_noise=0.1, max_flip_rate=0.9, max_metric_drop_missing=0.9),
        }
    )
    fairness = load_use_case("flight_delays").fairness
    whole = use_case.model_copy(update={"gates": gates, "explain": Explain(level="local"), "fairness": fairness})
    return evaluate(whole, VERSION, folder, job, champion(artefacts(rounds=20)))


def test_it_shows_everything_and_loads_nothing(report) -> None:
    page = render_page(report).decode()
    for title in ("Gates", "Candidate, champion and baselines", "Slices", "What it goes by", "Fairness", "Robustness"):
        assert f"<h2>{title}</h2>" in page
    labels = ("Reliability", "Distribution of the scores", "Cumulative gains", "Lift", "Loss of candidate and champion")
    for label in (*labels, "What the scores go by", "Why row", "Share of the answers that flip"):
        assert f'aria-label="{label}' in page
    assert page.count('<tr class="ours">') == 1
    assert "champion 1" in page
    assert f"recall {report.metrics['recall']:.3f}" in page
    assert "<script" not in page
    loaded = set(re.findall(r'(?:href|src)="([^"]+)"', page)) - {"job-1.json"}
    assert all(link.startswith("#") for link in loaded), "only parts of the plots themselves"
    assert len(page) < 1_000_000


def test_the_same_report_gives_the_same_bytes_beside_it(report) -> None:
    path = write_page(report)
    assert path == "reports/evaluation/flight_delays/job-1.html"
    assert lake().read(path) == render_page(report)


def test_the_verdict_comes_first(report) -> None:
    def lead(**changes):
        text = render_page(report.model_copy(update={**UNDRAWN, **changes})).decode()
        return re.search(r'<p class="lead (\w+)">(.*?)</p>', text, re.DOTALL)

    passed = GateResult(gate="uplift", value=0.1, interval=None, threshold=0, verdict="pass", sentence="Better.")
    small = passed.model_copy(update={"gate": "slices", "verdict": "insufficient_data"})
    assert lead(gates=(passed, FAILED)).groups() == ("fail", "<b>Rejected: the gate cost failed.</b> So.")
    assert lead(gates=(passed,), review=())[2] == "<b>Accepted.</b> 1 of 1 gates passed."
    assert "1 of 2 gates passed; slices insufficient data." in lead(gates=(passed, small), review=())[2]
    assert lead(gates=(passed,), review=("slices",))[1] == "wait"


def test_a_waiver_says_who_answers_for_it_and_text_is_escaped(report) -> None:
    waiver = Waiver(gate="cost", approver="<ann>", until="2013-06-01", reason="a & b")
    waived = FAILED.model_copy(update={"verdict": "waived", "waiver": waiver})
    page = render_page(report.model_copy(update={"gates": (waived,), "champion": None})).decode()
    assert "<b>Waived</b> by &lt;ann&gt; until 2013-06-01:" in page
    assert "a &amp; b" in page


def test_a_report_of_before_has_a_page_with_less(report) -> None:
    nothing = {
        "curves": None,
        "explanation": None,
        "robustness": None,
        "fairness": None,
        "slices": (),
        "reliability": (),
    }
    page = render_page(report.model_copy(update=nothing)).decode()
    assert "<svg" not in page
    assert "<h2>Gates</h2>" in page
