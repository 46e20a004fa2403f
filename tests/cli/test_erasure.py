"""``driftgate dataset forget`` and ``who-saw`` speak of a subject without repeating who it is."""

import pytest

from driftgate.contracts.treat import KEY
from driftgate.lake import lake, publish, read_manifest
from driftgate.sources import sample

DAY = "validated/planes/2013-04-01"
TAIL = "N10156"


@pytest.fixture
def planes(monkeypatch):
    monkeypatch.setenv(KEY, "a secret of the test that is long enough")
    table = sample.table_of("planes", "2013-04-01")
    publish(lake(), DAY, table, contract="planes@1.1.0")
    return table.num_rows


def test_a_subject_is_found_erased_and_remembered(run, planes):
    assert f"partition: {DAY}" in run("dataset", "who-saw", "planes", f"tail_number={TAIL}").stdout

    answer = run("dataset", "forget", "planes", f"tail_number={TAIL}", "--reason", "the owner asked", "--by", "anna")

    assert answer.exit_code == 0, answer.output
    assert "1 rows erased" in answer.stdout
    assert TAIL not in answer.stdout
    assert read_manifest(lake(), DAY).rows == planes - 1
    assert f"partition: {DAY}" in run("dataset", "who-saw", "planes", f"tail_number={TAIL}").stdout
    nobody = run("dataset", "who-saw", "planes", "tail_number=N00000")
    assert nobody.stdout.strip() == "Nothing here holds or held this subject."


def test_an_unknown_column_is_a_sentence(run, planes):
    answer = run("dataset", "forget", "planes", "tail_numbr=N10156", "--reason", "asked", "--by", "anna")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "did you mean 'tail_number'" in answer.stderr
    assert read_manifest(lake(), DAY).rows == planes
