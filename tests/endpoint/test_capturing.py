"""What of the answers is captured, counted and refused, as the use case says."""

import pytest

from driftgate.captures import count_captures
from driftgate.captures.sampling import in_sample
from driftgate.endpoint import watching
from driftgate.metadata import metadata
from driftgate.use_cases import load_use_case

NAME, DAY = "flight_delays", "2013-03-14"
SHARE = 0.25


@pytest.fixture
def sampled(monkeypatch):
    """The use case with a quarter of its request keys captured."""
    whole = load_use_case(NAME)
    capture = whole.serve.capture.model_copy(update={"share": SHARE})
    sampled = whole.model_copy(update={"serve": whole.serve.model_copy(update={"capture": capture})})
    monkeypatch.setattr(watching, "load_use_case", lambda _: sampled)


def metric(client, name: str) -> float:
    (line,) = [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]
    return float(line.rpartition(" ")[2])


def test_a_share_of_the_keys_is_captured_always_the_same_and_the_rest_is_counted(sampled, ask, server, world, client):
    world.deploy("1")
    for _ in range(2):
        assert len(ask(*world.rows(200)).json()["predictions"]) == 200
    found = world.captures(server)
    keys = {one["request_key"] for one in found}

    assert {one["share"] for one in found} == {SHARE}
    assert all(in_sample(NAME, key, SHARE) for key in keys)
    assert 20 < len(keys) < 80
    assert len(found) == 2 * len(keys)
    assert metric(client, 'driftgate_capture_left_out_total{use_case="flight_delays"}') == 400 - len(found)
    server.shipper.write_tallies()
    count = count_captures(NAME, DAY)
    assert (count.answers, count.left_out, count.sentence) == (400, 400 - len(found), None)


@pytest.mark.parametrize("share", [0, 5])
def test_while_models_are_compared_everything_is_captured(sampled, ask, server, world, share):
    world.deploy("1", "2", share=share)
    server.shadowing.start()
    ask(*world.rows(100))
    server.shadowing.stop()
    found = world.captures(server)

    assert len({one["request_key"] for one in found}) == 100
    assert {one["share"] for one in found} == {1.0}


def test_a_failure_is_captured_whatever_its_key(sampled, ask, server, world, monkeypatch):
    world.deploy("1")
    ask(world.ROW)
    scorer = server.watcher.served(NAME).champion.package.scorer
    monkeypatch.setattr(scorer, "score_rows", lambda rows: 1 / 0)
    assert ask(*world.rows(50)).status_code == 503

    assert len([one for one in world.captures(server) if one["error"]]) == 50


def test_a_journal_without_room_refuses_counts_and_answers_again_by_itself(ask, server, world, client):
    world.deploy("1")
    room = server.journal.max_waiting_bytes
    assert metric(client, "driftgate_capture_refused_requests_total") == 0
    server.journal.max_waiting_bytes = 1000
    assert [ask(world.ROW).status_code for _ in range(3)] == [200, 503, 503]
    assert metric(client, "driftgate_capture_refused_requests_total") == 2
    assert "make it reachable, then the endpoint answers again" in ask(world.ROW).json()["detail"]
    server.journal.close_segment(older_than_seconds=0)
    server.shipper.ship()
    assert ask(world.ROW).status_code == 200
    server.journal.max_waiting_bytes = room
    world.captures(server)
    server.shipper.write_tallies()
    assert (count_captures(NAME, DAY).answers, count_captures(NAME, DAY).sentence) == (2, None)


def test_a_use_case_that_captures_nothing_or_too_much_is_refused(tmp_path):
    from pydantic import ValidationError

    from driftgate.serve_policy import CapturePolicy

    for wrong in ({"share": 0}, {"share": 1.1}, {"retention_days": 1}):
        with pytest.raises(ValidationError):
            CapturePolicy.model_validate(wrong)


def test_an_unwatched_day_leaves_no_record(server):
    server.shipper.write_tallies()
    assert metadata().all_latest("capture_count") == []
