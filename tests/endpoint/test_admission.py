"""Who may ask and how much: every refusal has its status and its sentence, and leaves no capture."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from driftgate import settings as places
from driftgate.consumers import Consumer, new_key, write_consumers
from driftgate.consumers.usage import read_usage, rows_of_day
from driftgate.endpoint import admission
from driftgate.endpoint.limits import DayQuota
from driftgate.endpoint.server import Server
from driftgate.errors import ConfigError

NAME = "flight_delays"
PREDICT, EXPLAIN = f"/v1/{NAME}/predict", f"/v1/{NAME}/explain"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "consumers.yaml"


@pytest.fixture
def configure(monkeypatch, file):
    """Change the endpoint's part of the settings."""
    whole = places._load

    def configured(**changes):
        def load(*arguments):
            found = whole(*arguments)
            return found.model_copy(update={"endpoint": found.endpoint.model_copy(update=changes)})

        monkeypatch.setattr(places, "_load", load)

    return configured


@pytest.fixture
def keyed(configure, file, world):
    """An endpoint that asks for keys; its champion answers."""
    configure(auth="keys", consumers=str(file))
    write_consumers(file, [])
    world.deploy("1")
    made = Server()
    made.watcher.poll()
    made.admission.quota = DayQuota({}, time.time())
    yield made
    made.journal.close()


@pytest.fixture
def add(keyed, file):
    """Add a consumer and return its key; the endpoint has read the file."""
    there = []

    def added(name="booking", environment="local", **more):
        text, key = new_key(environment, datetime.now(UTC))
        told = {"contact": "a team", "use_cases": (NAME,), **more}
        there.append(Consumer(id=name, environment=environment, keys=(key,), **told))
        write_consumers(file, there)
        keyed.admission._access.consumers.follow()
        return text

    return added


@pytest.fixture
def ask(keyed, world):
    def asked(key=None, path=PREDICT, rows=1, **headers):
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        named = {"use_case": NAME} if path == "/invocations" else {}
        body = json.dumps({**named, "rows": world.rows(rows)})
        return TestClient(keyed).post(path, content=body, headers={**shown, **headers})

    return asked


def test_a_key_is_asked_for(ask, add, keyed, world):
    key = add()

    assert ask(key).status_code == 200
    assert ask(**{"X-Api-Key": key}).status_code == 200
    assert ask(key, "/invocations").status_code == 200
    answer = ask()
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "Say who you are" in answer.json()["detail"]
    assert answer.headers["X-Request-Id"]
    assert ask(key[:-1] + ("0" if key[-1] != "0" else "1")).status_code == 401
    assert ask(**{"Authorization": f"Basic {key}"}).status_code == 401
    assert len(world.captures(keyed)) == 3


def test_a_use_case_that_is_not_the_consumers_is_403_before_its_rows_are_looked_at(ask, add, keyed, world):
    key = add(use_cases=("air_time",))
    for path in (PREDICT, "/invocations"):
        answer = ask(key, path)
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith("booking may not ask flight_delays")
    wrong = {"use_case": NAME, "rows": [{"no": 1}]}
    assert TestClient(keyed).post("/invocations", json=wrong, headers={"X-Api-Key": key}).status_code == 403
    assert world.captures(keyed) == []


def test_a_row_that_does_not_fit_is_422_for_who_may_ask(add, keyed):
    answer = TestClient(keyed).post(PREDICT, json={"rows": [{"no": 1}]}, headers={"X-Api-Key": add()})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("scopes", "open_paths"),
    [
        (("predict",), {PREDICT}),
        (("explain",), {EXPLAIN}),
        (("metrics",), {"/metrics", "/deployments"}),
        (("predict", "explain", "metrics"), {PREDICT, EXPLAIN, "/metrics", "/deployments"}),
    ],
)
def test_a_scope_opens_its_paths_only(ask, add, keyed, scopes, open_paths):
    key, client = add(scopes=scopes), TestClient(keyed)
    statuses = {path: ask(key, path).status_code for path in (PREDICT, EXPLAIN)}
    for path in ("/metrics", "/deployments"):
        statuses[path] = client.get(path, headers={"X-Api-Key": key}).status_code

    assert {path for path, status in statuses.items() if status == 200} == open_paths
    assert {status for path, status in statuses.items() if path not in open_paths} <= {403}


def test_ping_needs_no_key_and_every_other_page_does(keyed):
    client = TestClient(keyed)
    assert client.get("/ping").status_code == 200
    assert [client.get(path).status_code for path in ("/metrics", "/deployments", "/docs", "/openapi.json", "/x")] == [
        401
    ] * 5


def test_a_key_of_another_environment_is_401(ask, add):
    assert ask(add(environment="dev")).status_code == 401


def test_the_file_is_read_again_and_a_broken_one_changes_nothing(ask, add, keyed, file):
    key = add()
    consumers, whole = keyed.admission._access.consumers, file.read_text()
    file.write_text("consumers: [")
    consumers.follow()
    assert ask(key).status_code == 200
    assert "not valid YAML" in consumers.problem
    file.write_text(whole.replace("- id: booking", "- id: renamed"))
    consumers.follow()
    assert ask(key).status_code == 200
    assert consumers.problem is None
    file.unlink()
    consumers.follow()
    assert ask(key).status_code == 401


def test_too_often_is_429_with_the_time_to_wait(ask, add, world, keyed, monkeypatch):
    now = time.perf_counter()
    monkeypatch.setattr(admission, "time", SimpleNamespace(perf_counter=lambda: now))
    key, other = add(requests_per_second=0.5, burst=3), add("other")
    answers = [ask(key) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "2"
    assert answers[-1].json()["detail"].startswith("booking may ask 0.5 times a second")
    assert ask(other).status_code == 200
    assert len(world.captures(keyed)) == 4


def test_the_rows_of_a_day_are_bounded(ask, add, keyed, world):
    key = add(rows_per_day=10)
    assert ask(key, rows=8).status_code == 200
    answer = ask(key, rows=3)
    assert answer.status_code == 429
    assert answer.json()["detail"].startswith("booking has asked 8 of its 10 rows of this day (UTC), and 3 more")
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    assert ask(key, rows=2).status_code == 200
    assert len(world.captures(keyed)) == 10


def test_captures_say_who_asked_and_in_which_request(ask, add, keyed, world):
    ask(add(), rows=2, **{"X-Request-Id": "order-7"})
    assert [(one["consumer"], one["request_id"]) for one in world.captures(keyed)] == [("booking", "order-7")] * 2


def test_without_keys_captures_have_the_request_only(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    client.post("/invocations", json=world.question(world.ROW), headers={"X-Request-Id": "a"})
    (capture,) = world.captures(server)
    assert (capture["consumer"], capture["request_id"]) == (None, "a")


@pytest.mark.parametrize("asked", ["0", "-5", "soon", "1.5", "99999999", "٣"])
def test_a_deadline_that_is_none_is_400(client, asked):
    answer = client.post(PREDICT, json={}, headers={"X-Deadline-Ms": asked.encode()})
    assert answer.status_code == 400
    assert "'X-Deadline-Ms' must be a whole number" in answer.json()["detail"]


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_late_request_is_504_and_not_captured(client, server, world, monkeypatch, moment):
    world.deploy("1", "2")
    server.watcher.poll()
    slow = (
        "driftgate.endpoint.joining.Joining.join" if moment == "during" else "driftgate.endpoint.calling.Calling.steps"
    )
    owner, _, name = slow.rpartition(".")
    module, _, cls = owner.rpartition(".")
    target = getattr(__import__(module, fromlist=[cls]), cls)
    whole = getattr(target, name)
    monkeypatch.setattr(target, name, lambda *arguments: time.sleep(0.02) or whole(*arguments))

    late = client.post("/invocations", json=world.question(world.ROW), headers={"X-Deadline-Ms": "10"})
    in_time = client.post("/invocations", json=world.question(world.ROW), headers={"X-Deadline-Ms": "9000"})
    assert (late.status_code, in_time.status_code) == (504, 200)
    assert "within the request's deadline" in late.json()["detail"]
    assert len([one for one in world.captures(server) if one["variant_role"] == "champion"]) == 1
    server.shadowing.start()
    server.shadowing.stop()
    assert len([one for one in world.captures(server) if one["variant_role"] == "shadow"]) == 1


def test_more_than_may_wait_is_429_and_ping_still_answers(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    server.admission.waiting.tasks = range(256)
    assert client.post("/invocations", json=world.question(world.ROW)).status_code == 200
    server.admission.waiting.tasks = range(257)
    answer = client.post("/invocations", json=world.question(world.ROW))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert client.get("/ping").status_code == 200


def test_a_full_line_of_batches_is_429_and_small_requests_go_on(server, world):
    world.deploy("1")
    server.watcher.poll()
    batches = server._invocations.batches
    batches.tasks |= set(range(16))
    client = TestClient(server)
    answer = client.post("/invocations", json=world.question(*world.rows(400)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert "16 large requests wait here" in answer.json()["detail"]
    assert client.post("/invocations", json=world.question(world.ROW)).status_code == 200
    batches.tasks.clear()
    assert client.post("/invocations", json=world.question(*world.rows(400))).status_code == 200
    assert batches.tasks == set()


def test_usage_is_counted_shown_and_kept(ask, add, keyed, world):
    key = add()
    ask(key, rows=3)
    ask(key, rows=2)
    ask("dg_local_0123abcd_" + "0" * 64, **{"X-Request-Id": "stranger"})
    ask(key, EXPLAIN)
    asyncio.run(keyed.housekeeping.flush())
    ask(key)
    shown = TestClient(keyed).get("/metrics", headers={"X-Api-Key": add("eyes", scopes=("metrics",))}).text
    for _ in range(2):
        asyncio.run(keyed.housekeeping.flush())
    told = f'driftgate_consumer_requests_total{{consumer="booking",scope="predict",status="200",use_case="{NAME}"}} 3.0'
    assert told in shown
    day = datetime.now(UTC).date().isoformat()
    first, second = read_usage(day[:7], "local")
    used = [(one.consumer, one.status, one.calls, one.rows) for one in first.used]
    assert used == [("booking", 200, 2, 5), ("booking", 403, 1, 0), (None, 401, 1, 0)]
    stranger = first.refused[0]
    assert (stranger.request_id, stranger.key_id, stranger.status) == ("stranger", "0123abcd", 401)
    assert first.until == second.since
    assert rows_of_day(day, "local") == {"booking": 6}
    assert list(read_usage(day, "aws")) == []


def test_usage_waits_while_the_lake_is_away(ask, add, keyed, monkeypatch):
    key = add()
    ask(key)
    with monkeypatch.context() as broken:
        broken.setattr("driftgate.endpoint.accounting.write_usage", lambda _: Path("/not/there").read_bytes())
        asyncio.run(keyed.housekeeping.flush())
    ask(key)
    asyncio.run(keyed.housekeeping.flush())
    assert rows_of_day(datetime.now(UTC).date().isoformat(), "local") == {"booking": 2}


def test_a_broken_file_at_the_start_is_a_sentence(configure, file):
    configure(auth="keys", consumers=str(file))
    file.write_text("consumers: {}")
    with pytest.raises(ConfigError, match=r"consumers\.yaml: .*consumers"):
        Server()


def test_a_draining_endpoint_says_so_and_closes(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    server.admission.draining = True
    for answer in (client.get("/ping"), client.post("/invocations", json=world.question(world.ROW))):
        assert (answer.status_code, answer.headers["Connection"]) == (503, "close")
        assert answer.json()["detail"].startswith("The endpoint is stopping")
