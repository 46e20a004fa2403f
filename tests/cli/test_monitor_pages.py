"""``driftgate monitor status`` and ``report``."""

import pytest

from driftgate.monitoring import decide
from driftgate.use_cases import load_use_case

NAME, KEY = "flight_delays", "2013-04-02"


@pytest.fixture
def decided():
    for key in ("2013-04-01", KEY):
        decide(load_use_case(NAME), key)


def test_the_status_is_a_row_for_each_model(run, decided) -> None:
    answer = run("monitor", "status")
    assert answer.exit_code == 0, answer.output
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in answer.output.splitlines() if "│" in line]
    assert [row[:4] for row in rows] == [["air_time", "", "none yet", ""], [NAME, "", KEY, "cannot judge"]]
    assert rows[1][4:6] == ["cannot judge", "cannot judge"]


def test_the_report_is_three_pages_that_lead_to_each_other(run, decided, tmp_path) -> None:
    answer = run("monitor", "report", NAME, "--out", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    files = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.html")}
    assert files == {f"{NAME}/{KEY}/index.html", f"{NAME}/index.html", "index.html"}
    assert f'href="{NAME}/{KEY}/index.html"' in (tmp_path / "out/index.html").read_text()
    assert run("monitor", "report", NAME, "2013-04-01", "--out", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / NAME / "2013-04-01/index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([NAME, "2013-04-09"], f"Nothing was decided about {NAME} on 2013-04-09; the newest night is {KEY}."),
        ([NAME, "2013-4-9"], "Partition key '2013-4-9' is not a date"),
        (["air_time"], "Nothing was decided about air_time yet"),
        (["flight_delay"], "flight_delays"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(run, decided, tmp_path, arguments, sentence) -> None:
    answer = run("monitor", "report", *arguments, "--out", tmp_path / "out")
    assert answer.exit_code == 1
    assert sentence in " ".join(answer.output.split())
    assert not (tmp_path / "out").exists()
