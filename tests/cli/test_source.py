"""What `driftgate source changes` says; what it finds is tested with the sources."""


def test_a_source_of_files_has_no_watermark(run):
    answer = run("source", "changes", "nycflights")

    assert answer.exit_code == 0
    assert "No dataset of nycflights has a watermark" in answer.output


def test_an_unknown_source_is_a_sentence(run):
    answer = run("source", "changes", "nycflight")

    assert answer.exit_code == 1
    assert "did you mean 'nycflights'" in answer.output
