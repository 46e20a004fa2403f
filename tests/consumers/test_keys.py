"""Keys: random, known by their hash, of one environment, ended by rotation and revocation."""

from datetime import UTC, datetime, timedelta

import pytest

from driftgate.consumers import (
    Consumer,
    Directory,
    Unknown,
    add_consumer,
    consumers_file,
    new_key,
    read_consumers,
    revoke_keys,
    rotate_key,
)
from driftgate.errors import ConfigError

NOW = datetime.now(UTC)


def consumer(name="booking", environment="local", keys=(), **more):
    told = {"contact": "booking@example.org", "use_cases": ("flight_delays",), **more}
    return Consumer(id=name, environment=environment, keys=keys, **told)


@pytest.fixture
def known():
    text, key = new_key("local", NOW)
    return text, Directory([consumer(keys=(key,))], "local")


def test_a_key_is_found_and_nothing_of_its_secret_is_kept():
    text, key = new_key("local", NOW)

    assert Directory([consumer(keys=(key,))], "local").find(text.encode()).id == "booking"
    assert text.startswith(f"dg_local_{key.id}_")
    assert text[-64:] not in key.model_dump_json()
    assert len({new_key("local", NOW)[0] for _ in range(50)}) == 50


@pytest.mark.parametrize("position", [0, 3, 9, 10, 17, 18, 30, -1])
def test_a_key_with_one_other_letter_is_nobodys(known, position):
    text, directory = known
    at = position % len(text)
    other = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]

    with pytest.raises(Unknown):
        directory.find(other.encode())


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (None, "Say who you are"),
        (b"", "Say who you are"),
        (b"secret", "What was sent as a key is none"),
        (b"\xff" * 100, "What was sent as a key is none"),
        (b"dg_local_0123abcd_" + b"0" * 64, "is not known here, or was revoked"),
        (b"dg_dev_0123abcd_" + b"0" * 64, "is one of another environment; here is local"),
    ],
)
def test_what_is_no_key_is_a_sentence_without_it(known, sent, told):
    with pytest.raises(Unknown, match=told) as found:
        known[1].find(sent)
    assert not sent or sent.decode("latin-1") not in str(found.value)


def test_a_key_of_development_does_not_open_production():
    """Even where both environments are in one file."""
    text, key = new_key("local", NOW)
    with pytest.raises(Unknown, match="another environment; here is aws"):
        Directory([consumer(keys=(key,)), consumer(environment="aws")], "aws").find(text.encode())


def test_an_ended_key_says_so(known):
    text, key = new_key("local", NOW)
    ended = key.model_copy(update={"ends_at": NOW - timedelta(seconds=1)})
    directory = Directory([consumer(keys=(ended,))], "local")

    with pytest.raises(Unknown, match="was replaced by a newer one and has ended") as found:
        directory.find(text.encode())
    assert found.value.key_id == key.id


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("driftgate.consumers.file.project_root", lambda: tmp_path)
    return consumers_file()


def found_by(text):
    return Directory(read_consumers(consumers_file()), "local").find(text.encode()).id


def test_the_life_of_a_consumer(file):
    first = add_consumer(consumer())
    assert found_by(first) == "booking"
    second = rotate_key("booking", keep_hours=1)
    assert (found_by(first), found_by(second)) == ("booking", "booking")
    third = rotate_key("booking", keep_hours=0)
    with pytest.raises(Unknown, match="has ended"):
        found_by(second)
    assert revoke_keys("booking", third.split("_")[2]) == 1
    with pytest.raises(Unknown, match="was revoked"):
        found_by(third)

    assert first[-64:] not in file.read_text()
    assert [path.name for path in file.parent.iterdir()] == ["consumers.yaml"]


def test_a_rotation_never_lengthens_a_key(file):
    text = add_consumer(consumer())
    rotate_key("booking", keep_hours=0)
    rotate_key("booking", keep_hours=24)
    with pytest.raises(Unknown):
        found_by(text)


def test_other_environments_of_the_file_are_left_alone(file, monkeypatch):
    text = add_consumer(consumer(environment="aws"))
    add_consumer(consumer())
    assert revoke_keys("booking") == 1
    assert Directory(read_consumers(file), "aws").find(text.encode()).id == "booking"


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda: rotate_key("bookin", keep_hours=1), "no consumer 'bookin' for local; did you mean 'booking'"),
        (lambda: revoke_keys("other"), "no consumer 'other' for local"),
        (lambda: revoke_keys("booking", "00000000"), "booking has no key '00000000'"),
        (lambda: add_consumer(consumer()), "has a consumer 'booking' for local already"),
    ],
)
def test_a_wrong_name_is_a_sentence_and_changes_nothing(file, act, told):
    add_consumer(consumer())
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=told):
        act()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("consumers: [{id: A}]", "contact"),
        ("consumers: [{id: a, contact: abc, environment: x, use_cases: [y], scopes: [all]}]", "scopes"),
        ("consumers: [{id: a, contact: abc, environment: x, use_cases: []}]", "use_cases"),
        ("- a", "expected a mapping"),
        ("consumers: [", "not valid YAML"),
    ],
)
def test_a_broken_file_is_a_sentence(file, text, told):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_consumers(file)


def test_one_name_twice_is_refused(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    one = "{id: a, contact: abc, environment: x, use_cases: [y]}"
    file.write_text(f"consumers: [{one}, {one}]")
    with pytest.raises(ConfigError, match="'a' is there twice for the environment 'x'"):
        read_consumers(file)
