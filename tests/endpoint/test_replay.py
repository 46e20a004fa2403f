"""What was captured can be asked again, as a load test does."""

from driftgate.metadata import metadata
from driftgate.sizing import sampled_requests
from driftgate.use_cases import load_use_case


def test_captured_requests_are_answered_again(world, server, client, ask):
    world.deploy("1")
    alias = {"use_case": world.NAME, "alias": "champion", "version": "1", "previous": None}
    metadata().append("alias", f"{world.NAME}/champion", alias)
    first = ask(*world.rows(3)).json()["predictions"]
    world.captures(server)
    bodies = sampled_requests(load_use_case(world.NAME))
    answers = [client.post(f"/v1/{world.NAME}/predict", content=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200] * 3
    again = [answer.json()["predictions"][0]["score"] for answer in answers]
    assert sorted(again) == sorted(one["score"] for one in first)
