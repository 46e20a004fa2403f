"""``driftgate consumer``: keys are shown once, every change is in the file, the month is reviewed."""

import pytest

from driftgate.consumers import Directory, consumers_file, read_consumers
from driftgate.consumers.usage import RefusedCall, Usage, Used, write_usage
from driftgate.settings import environment

ADD = ("consumer", "add", "booking", "--contact", "booking@example.org", "--use-case", "flight_delays")


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("driftgate.consumers.file.project_root", lambda: tmp_path)
    return consumers_file()


def test_the_key_is_shown_once(run, file):
    answer = run(*ADD, "--scope", "predict", "--scope", "metrics", "--rows-per-day", "1000")
    assert answer.exit_code == 0
    key = answer.output.split()[0]
    listed = run("consumer", "list").output

    assert Directory(read_consumers(file), environment()).find(key.encode()).scopes == ("predict", "metrics")
    assert key.split("_")[2] in listed
    assert key[-64:] not in listed
    assert "asks nobody for a key" in listed


def test_rotation_and_revocation(run, file):
    run(*ADD)
    newer = run("consumer", "rotate", "booking", "--keep-hours", "2").output.split()[0]
    assert Directory(read_consumers(file), environment()).find(newer.encode()).id == "booking"
    assert "until" in run("consumer", "list").output
    assert run("consumer", "revoke", "booking").output.strip() == "2 keys of booking revoked."
    assert "none" in run("consumer", "list").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*ADD[:-1], "flight_delay"), "flight_delays"),
        ((*ADD, "--scope", "all"), "scopes"),
        ((*ADD, "--requests-per-second", "0"), "requests_per_second"),
        (("consumer", "add", "Böse Frau", *ADD[3:]), "id"),
        (("consumer", "rotate", "nobody"), "has no consumer 'nobody'"),
        (("consumer", "revoke", "nobody"), "has no consumer 'nobody'"),
        (("consumer", "report", "--month", "2026-13"), "'2026-13' is no month"),
        (("consumer", "report", "--month", "../../x"), "is no month"),
    ],
)
def test_bad_input_is_a_sentence_and_makes_no_file(run, file, arguments, told):
    answer = run(*arguments)
    assert answer.exit_code == 1
    assert told in answer.output
    assert "Traceback" not in answer.output
    assert not file.exists()


def used(consumer, status=200, **more):
    told = {"use_case": "flight_delays", "scope": "predict", "calls": 4, "rows": 8, "seconds": 0.01, "slowest": 0.004}
    return Used(consumer=consumer, status=status, **{**told, **more})


def usage(*lines, refused=(), until="2026-11-25T10:01:00.000000+00:00"):
    since = "2026-11-25T10:00:00.000000+00:00"
    return Usage(environment="local", endpoint="0123abcd", since=since, until=until, used=lines, refused=tuple(refused))


def test_the_month_is_reviewed(run, file, monkeypatch):
    run(*ADD, "--use-case", "air_time", "--scope", "predict", "--scope", "explain")
    run("consumer", "add", "idle", *ADD[3:])
    run("consumer", "add", "gone", *ADD[3:])
    run("consumer", "revoke", "gone")
    stranger = RefusedCall(at="x", request_id="r", consumer=None, key_id="deadbeef", scope="predict", status=401)
    write_usage(usage(used("booking"), used("booking", 429, rows=0), used("forgotten")))
    later = usage(used(None, 401, rows=0, use_case=None), refused=[stranger], until="2026-11-30T23:59:00.000000+00:00")
    write_usage(later)
    write_usage(usage(used("booking"), until="2026-12-01T00:00:10.000000+00:00"))
    monkeypatch.setattr("driftgate.cli.consumer._asks_for_keys", lambda: True)

    told = run("consumer", "report", "--month", "2026-11").output
    assert "booking │ 8" in " ".join(told.replace("|", "│").split())
    assert told.split("4 calls came")[1].splitlines() == [
        " from nobody who is registered, with keys deadbeef.",
        "forgotten asked and is not in the file any more.",
        "booking has scopes that it did not use: explain.",
        "booking may ask use cases that it did not: air_time.",
        "gone has no key; remove it from the file if it is gone for good.",
        "idle was answered nothing; ask booking@example.org whether it is still needed, or revoke it.",
    ]


def test_a_month_without_anything_is_empty(run):
    assert run("consumer", "report", "--month", "2001-01").exit_code == 0
