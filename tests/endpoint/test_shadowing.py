"""Shadows see everything, answer nobody, and cannot hurt."""

import json
import threading
import time

import numpy as np
import pytest

from driftgate.models import Scorer


def wait_until(condition, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.01)


def dropped(server) -> float:
    return server.metrics.shadow_dropped.labels("flight_delays", "shadow", "2")._value.get()


@pytest.fixture
def ask(client, server, world):
    """Ask about rows while version 2 is the shadow; returns the predictions."""
    world.deploy("1", "2")
    server.watcher.poll()

    def asked(*rows):
        answer = client.post("/invocations", json=world.question(*rows))
        assert answer.status_code == 200
        return answer.json()["predictions"]

    return asked


@pytest.fixture
def of_shadow(server, monkeypatch):
    """Let the shadow's model do something else."""

    def replaced(behaviour):
        shadow = server.watcher.served("flight_delays").shadows[0].package.scorer
        real = Scorer.score_rows
        monkeypatch.setattr(
            Scorer, "score_rows", lambda self, rows: behaviour(rows) if self is shadow else real(self, rows)
        )

    return replaced


def test_a_shadow_scores_every_row_under_the_id_of_the_answer(ask, server, world):
    answers = ask(*world.rows(20))
    server.shadowing.start()
    server.shadowing.stop()
    captures = world.captures(server)
    shadows = {one["prediction_id"]: one for one in captures if one["variant_role"] == "shadow"}

    assert {one["role"] for one in answers} == {"champion"}
    assert set(shadows) == {one["prediction_id"] for one in answers}
    assert {one["model_version"] for one in shadows.values()} == {"2"}
    assert all(0 < one["score"] < 1 and one["latency_ms"] > 0 for one in shadows.values())
    assert [one["score"] for one in answers] != [shadows[one["prediction_id"]]["score"] for one in answers]


def test_a_shadow_that_raises_is_captured_with_its_error(ask, server, world, of_shadow):
    def fail(rows):
        raise RuntimeError("out of trees")

    of_shadow(fail)
    ask(world.ROW)
    server.shadowing.start()
    ask(world.ROW)
    server.shadowing.stop()
    shadows = [one for one in world.captures(server) if one["variant_role"] == "shadow"]

    assert [(one["score"], one["error"]) for one in shadows] == [(None, "RuntimeError: out of trees")] * 2


def test_copies_that_wait_are_scored_together_each_with_its_share_of_the_time(ask, server, world, of_shadow):
    shadow = server.watcher.served("flight_delays").shadows[0].package.scorer
    alone = {row["flight"]: shadow.score_rows([row])[0] for row in world.rows(30)}
    sizes = []

    def count(rows):
        sizes.append(len(rows))
        return shadow.score_matrix(shadow.preprocessing.encode_rows(rows))

    of_shadow(count)
    for row in world.rows(30):
        ask(row)
    server.shadowing.start()
    server.shadowing.stop()
    shadows = [one for one in world.captures(server) if one["variant_role"] == "shadow"]

    assert sizes == [30]
    assert {json.loads(one["features"])["flight"]: one["score"] for one in shadows} == alone
    assert len({one["latency_ms"] for one in shadows}) == 1


def test_among_copies_scored_together_one_that_fails_fails_alone(ask, server, world, of_shadow):
    def fail_at_seven(rows):
        if any(row["flight"] == 7 for row in rows):
            raise RuntimeError("seven")
        return np.full(len(rows), 0.5)

    of_shadow(fail_at_seven)
    for row in world.rows(10):
        ask(row)
    server.shadowing.start()
    server.shadowing.stop()
    errors = [one["error"] for one in world.captures(server) if one["variant_role"] == "shadow"]

    assert sorted(errors, key=str) == [None] * 9 + ["RuntimeError: seven"]


def test_a_shadow_that_hangs_delays_nobody_and_its_copies_are_dropped_and_counted(ask, server, world, of_shadow):
    server.shadowing._max_waiting_rows = 50
    busy, released = [], threading.Event()

    def hang(rows):
        busy.append(rows)
        released.wait()
        return [0.5] * len(rows)

    of_shadow(hang)
    server.shadowing.start()
    ask(world.ROW)
    wait_until(lambda: busy)
    for _ in range(60):
        ask(world.ROW)

    assert dropped(server) == 11
    released.set()
    server.shadowing.stop(timeout_seconds=0)


def test_room_comes_back_when_copies_are_scored(ask, server, world):
    server.shadowing._max_waiting_rows = 10
    server.shadowing.start()
    for _ in range(5):
        ask(*world.rows(10))
        wait_until(lambda: server.shadowing._waiting_rows == 0)
    server.shadowing.stop()

    assert len([one for one in world.captures(server) if one["variant_role"] == "shadow"]) == 50


def test_copies_that_find_no_room_in_the_journal_are_dropped_and_counted(ask, server, world):
    ask(world.ROW)
    server.journal.max_waiting_bytes = 0
    server.shadowing.start()
    server.shadowing.stop()

    assert dropped(server) == 1
