"""The endpoint as the process that people start: stopped, killed, started twice."""

import json
import socket
import stat
import sys
import threading
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from driftgate.access_settings import is_loopback
from driftgate.captures import read_captures
from driftgate.consumers import Consumer, add_consumer, own_key, revoke_keys
from driftgate.endpoint import __main__
from driftgate.endpoint.backends.embedded import EmbeddedBackend
from driftgate.world import traffic

NAME, DAY = "flight_delays", "2013-03-14"


def captured_ids(role: str) -> list[str]:
    rows = read_captures(NAME, DAY).select(["variant_role", "prediction_id"]).to_pylist()
    return [row["prediction_id"] for row in rows if row["variant_role"] == role]


def answered_while(process, world, end, *, callers: int) -> set[str]:
    """Ask from several callers at once, call ``end`` in the middle, and return the ids of every answer that arrived."""
    ids: list[list[str]] = [[] for _ in range(callers)]
    threads = [threading.Thread(target=process.ask_until_gone, args=(mine, world.rows(50_000))) for mine in ids]
    for thread in threads:
        thread.start()
    process.wait_until(lambda: sum(map(len, ids)) > 600, seconds=30)
    end()
    for thread in threads:
        thread.join()
    return {one for mine in ids for one in mine}


def test_neither_a_kill_nor_a_stop_loses_an_answer_or_captures_one_twice(start, world, project_home):
    journal = project_home / "journal"
    world.deploy("1")
    first = start()
    first.wait_for_model()
    answered = answered_while(first, world, first.popen.kill, callers=3)
    first.popen.wait()
    assert len(list(journal.iterdir())) > 1, "the kill left nothing behind, so the test shows nothing"

    world.deploy("1", "2")
    second = start()
    second.wait_for_model()
    second.wait_until(lambda: answered <= set(captured_ids("champion")), seconds=30)
    answered |= answered_while(second, world, second.popen.terminate, callers=3)
    second.popen.wait(15)
    captured = captured_ids("champion")

    assert "Application shutdown complete" in second.log.read_text()
    assert [path.name for path in journal.iterdir()] == [".lock"]
    assert answered <= set(captured)
    assert len(captured) == len(set(captured))
    assert len(set(captured) - answered) <= 3  # written, and killed before the answer left
    assert set(captured_ids("shadow")) <= set(captured)


def test_a_swap_drops_no_request_and_a_second_endpoint_on_the_same_journal_does_not_start(start, world):
    world.deploy("1")
    process = start()
    process.wait_for_model()
    versions: list[str] = []

    def ask() -> None:
        with httpx.Client(base_url=process.url) as client:
            while versions.count("2") < 20:
                answer = client.post("/invocations", json=world.question(world.ROW))
                assert answer.status_code == 200
                versions.append(answer.json()["predictions"][0]["model_version"])

    caller = threading.Thread(target=ask)
    caller.start()
    process.wait_until(lambda: len(versions) > 20)
    world.deploy("2")
    caller.join(10)
    second = start()

    assert not caller.is_alive()
    assert versions == sorted(versions)  # first 1, then 2, never back
    assert second.popen.wait(30) == 1
    assert "Another endpoint writes the journal" in second.log.read_text()
    assert "Traceback" not in second.log.read_text()


def test_a_wrong_setting_is_a_sentence(start, tmp_path):
    assert start(DRIFTGATE_ENV="lokal").popen.wait(30) == 1
    log = (tmp_path / "log").read_text()

    assert "DRIFTGATE_ENV is 'lokal'" in log
    assert "Traceback" not in log


def test_a_stop_under_load_cuts_nobody(start, world, project):
    """Requests under way are answered and captured, later ones are told to go elsewhere, /ping says so at once."""
    world.deploy("1")
    process = start(DRIFTGATE_PROJECT=project(drain_seconds=4))
    process.wait_for_model()
    ids, endings, pinged = [], [], []

    def ask(rows: int) -> None:
        """Ask until told to go, as a caller behind a load balancer does; anything else is a failure."""
        body = json.dumps(world.question(*world.rows(rows)))
        with closing(HTTPConnection("127.0.0.1", process.port, timeout=20)) as connection:
            while True:
                try:
                    connection.request("POST", "/invocations", body)
                    answer = connection.getresponse()
                    found = json.loads(answer.read())
                except (OSError, HTTPException, ValueError) as error:
                    endings.append(repr(error))
                    return
                if answer.status != 200:
                    endings.append((answer.status, answer.getheader("Connection"), answer.getheader("Retry-After")))
                    return
                ids.extend(one["prediction_id"] for one in found["predictions"])

    callers = [threading.Thread(target=ask, args=(rows,)) for rows in (1, 1, 1, 1, 3000, 3000, 3000)]
    for caller in callers:
        caller.start()
    process.wait_until(lambda: len(ids) > 10_000, seconds=30)  # in flight at once: 9,004
    process.popen.terminate()
    for _ in range(5):
        time.sleep(0.02)
        pinged.append(httpx.get(f"{process.url}/ping").status_code)
    for caller in callers:
        caller.join()
    process.popen.wait(15)

    assert endings == [(503, "close", "1")] * len(callers)
    assert pinged == [503] * 5
    assert sorted(captured_ids("champion")) == sorted(ids)


@pytest.mark.soak
def test_a_body_that_does_not_come_and_too_many_that_wait(start, world, project):
    """Connections that only begin a request take its place until its deadline; the others are told to come later."""
    world.deploy("1")
    process = start(DRIFTGATE_PROJECT=project(max_waiting=3, deadline_ms=1500, drain_seconds=600))
    process.wait_for_model()
    begun = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"
    with ExitStack() as open_until:
        slow = [open_until.enter_context(socket.create_connection(("127.0.0.1", process.port), 10)) for _ in range(3)]
        for one in slow:
            one.sendall(begun)
        process.wait_until(lambda: _status(process, world) == 429)
        told = [one.recv(2000) for one in slow]

    assert all(answer.startswith(b"HTTP/1.1 408 ") and b"connection: close" in answer for answer in told)
    assert _status(process, world) == 200
    process.popen.terminate()
    process.wait_until(lambda: _status(process, world) == 503)
    process.popen.terminate()  # the second signal does not wait for ten minutes
    process.popen.wait(10)


def _status(process, world) -> int:
    return httpx.post(f"{process.url}/invocations", json=world.question(world.ROW)).status_code


def test_with_tls_and_keys_only_our_own_callers_get_through(start, world, project, tmp_path, monkeypatch, project_home):
    cert, key = certificate(tmp_path)
    monkeypatch.delenv("DRIFTGATE_ENDPOINT_KEY", raising=False)
    tls = {"cert": str(cert), "key": str(key), "ca": str(cert)}
    monkeypatch.setenv("DRIFTGATE_PROJECT", project(tls=tls, auth="keys", host="127.0.0.1"))
    assert own_key.make_own_key()
    assert not own_key.make_own_key()
    assert stat.S_IMODE(own_key.own_key_file().stat().st_mode) == 0o600
    world.deploy("1")
    process = start()
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(process.port))
    context = own_key.client_tls()
    url = f"https://127.0.0.1:{process.port}"
    process.wait_until(lambda: _pings(url, context), seconds=60)

    assert EmbeddedBackend().served(NAME).variants[0].version == "1"
    assert httpx.get(f"{url}/deployments", verify=context).status_code == 401
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{url}/ping")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{process.url}/ping")
    added = add_consumer(Consumer(id="later", contact="a team", environment="local", use_cases=(NAME,)))
    ask = {"url": f"{url}/invocations", "json": world.question(world.ROW), "headers": {"X-Api-Key": added}}
    process.wait_until(lambda: httpx.post(**ask, verify=context).status_code == 200, seconds=3)
    revoke_keys("later")
    process.wait_until(lambda: httpx.post(**ask, verify=context).status_code == 401, seconds=3)
    with closing(traffic._connection()) as connection:
        traffic._post(connection, NAME, world.ROW)


def _pings(url, context) -> bool:
    try:
        return httpx.get(f"{url}/ping", verify=context).status_code == 200
    except httpx.TransportError:
        return False


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that signs itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an endpoint")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(private.private_bytes(*plain))
    return cert, key


@pytest.fixture
def listening(project, monkeypatch):
    """Return the hosts that the process would listen on."""
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: None)
    listened = []
    monkeypatch.setattr(__main__.Serving, "run", lambda serving: listened.append(serving.config.host))

    def main(**endpoint):
        monkeypatch.setenv("DRIFTGATE_PROJECT", project(**endpoint))
        __main__.main()
        return listened

    return main


def test_nobody_listens_beyond_loopback_without_tls_or_a_word_about_it(listening):
    with pytest.raises(SystemExit, match=r"would listen on 0\.0\.0\.0, .*; give it 'tls' .*'behind_proxy: true'"):
        listening(host="0.0.0.0")


def test_behind_a_proxy_it_listens_and_warns_when_it_asks_for_no_key(listening, caplog):
    with caplog.at_level("WARNING"):
        assert listening(host="0.0.0.0", behind_proxy=True) == ["0.0.0.0"]
    assert "The endpoint listens on 0.0.0.0 and asks nobody for a key ('endpoint.auth')." in caplog.text


def test_a_certificate_that_is_not_there_is_a_sentence(listening):
    with pytest.raises(SystemExit, match=r"/not/there\.pem cannot be read; it is to hold what 'endpoint\.tls' names"):
        listening(tls={"cert": "/not/there.pem", "key": "/not/there.key"})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("endpoint", False),
    ],
)
def test_loopback_is_known_by_its_address(host, loopback):
    assert is_loopback(host) is loopback


def test_sagemaker_names_the_port(monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "8080")
    assert __main__._port() == 8080
    monkeypatch.delenv("SAGEMAKER_BIND_TO_PORT")
    assert __main__._port() == 8810


@pytest.mark.parametrize("told", ["", "http", "0", "70000", "8080 ", "٨"])
def test_a_port_that_is_none_is_a_sentence(monkeypatch, told):
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", told)
    with pytest.raises(SystemExit, match=r"SAGEMAKER_BIND_TO_PORT is '.*'; it must be a port, 1 to 65535"):
        __main__.main()
