"""Small requests of one turn of the event loop."""

import asyncio
import json
from typing import Any

import pytest

from driftgate.captures import Journal
from driftgate.endpoint.turns import MOST


async def post(server: Any, body: bytes) -> tuple[int, Any]:
    """Ask the ASGI application, without a network."""
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        told.append(message)

    path = {"type": "http", "method": "POST", "path": "/invocations", "query_string": b""}
    await server({**path, "headers": [(b"content-type", b"application/json")]}, receive, send)
    return told[0]["status"], json.loads(told[1]["body"])


@pytest.fixture
def appends(monkeypatch):
    """Count the writes of the journal."""
    sizes: list[int] = []
    real = Journal.append

    def append(self, lines, place=""):
        sizes.append(lines.count(b"\n"))
        real(self, lines, place)

    monkeypatch.setattr(Journal, "append", append)
    return sizes


def ask_together(server: Any, bodies: list[Any]) -> list[tuple[int, Any]]:
    async def ask() -> list[tuple[int, Any]]:
        return await asyncio.gather(*(post(server, json.dumps(body).encode()) for body in bodies))

    server.watcher.poll()
    return asyncio.run(ask())


def test_requests_of_one_turn_get_what_each_gets_alone_and_are_written_at_once(world, server, appends):
    world.deploy("1", "2", share=50)
    rows = world.rows(40)
    together = ask_together(server, [world.question(row) for row in rows])
    assert appends == [MOST, MOST, 40 - 2 * MOST]
    alone = [ask_together(server, [world.question(row)])[0] for row in rows]

    def said(answers: Any) -> list[Any]:
        found = [answer["predictions"][0] for _, answer in answers]
        return [(one["score"], one["model_version"], one["role"]) for one in found]

    assert said(together) == said(alone)
    assert len({version for _, version, _ in said(together)}) == 2
    captured = {one["prediction_id"] for one in world.captures(server)}
    assert captured == {answer["predictions"][0]["prediction_id"] for _, answer in together + alone}


def test_a_bad_request_among_them_is_refused_alone(world, server, appends):
    world.deploy("1")
    bad = {**world.ROW, "carrier": 7}
    answers = ask_together(server, [world.question(world.ROW), world.question(bad), {}, world.question(world.ROW)])

    assert [status for status, _ in answers] == [200, 422, 400, 200]
    assert appends == [2]


def test_a_caller_that_goes_away_leaves_the_others_their_answers(world, server):
    world.deploy("1")
    server.watcher.poll()
    body = json.dumps(world.question(world.ROW)).encode()

    async def ask() -> tuple[int, Any]:
        gone, stays = (asyncio.create_task(post(server, body)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(ask())[0] == 200
