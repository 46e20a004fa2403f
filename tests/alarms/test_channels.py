"""Each way to people, against a server that takes what comes; and what is refused."""

import json
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from driftgate.alarm_settings import (
    CloudWatchChannel,
    EmailChannel,
    FileChannel,
    LogChannel,
    SnsChannel,
    WebhookChannel,
)
from driftgate.alarms.channels import send, signature
from driftgate.alarms.message import Message
from driftgate.errors import ConfigError

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MESSAGE = Message(
    delivery_id="3f9c/1/ops", environment="local", event="opened", alarm_id="3f9c", key="drift/flight_delays",
    kind="drift", severity="critical", state="open", sentence="The champion is worse — à Paris.",
    impact="Answers may be wrong.", owner="network-operations", runbook="docs/guides/alarms.md#drift",
    use_case="flight_delays", evidence="e1", count=2, first_seen=NOON, last_seen=NOON,
)  # fmt: skip


class Mailbox(ThreadingTCPServer):
    """An SMTP server of a few lines: it keeps what it is told, and offers no TLS."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.said: list[str] = []
        self.mail = ""


class _Smtp(StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.wfile.write(b"220 mailbox\r\n")
        while line := self.rfile.readline().decode().strip():
            self.server.said.append(line)
            self.wfile.write(self._answer(line.split()[0].upper()))

    def _answer(self, command: str) -> bytes:
        if command == "EHLO":
            return b"250-mailbox\r\n250 AUTH PLAIN\r\n"
        if command != "DATA":
            return {"AUTH": b"235 welcome\r\n", "QUIT": b"221 bye\r\n"}.get(command, b"250 ok\r\n")
        self.wfile.write(b"354 go on\r\n")
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self.server.mail = "".join(lines)
        return b"250 taken\r\n"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def email(mailbox: Mailbox, **changes: object) -> EmailChannel:
    about = {"type": "email", "host": "127.0.0.1", "port": mailbox.server_address[1], "tls": "none"}
    return EmailChannel.model_validate(
        {**about, "sender": "driftgate@example.com", "to": ["a@x.com", "b@x.com"], **changes}
    )


def test_the_log_is_as_loud_as_the_alarm_is_bad(caplog: pytest.LogCaptureFixture) -> None:
    for severity in ("minor", "major", "critical"):
        send(LogChannel(type="log"), MESSAGE.model_copy(update={"severity": severity}))
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "CRITICAL"]
    assert "drift/flight_delays opened: The champion is worse" in caplog.text


def test_the_file_has_a_line_for_each_message_and_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alarms.jsonl"
    for _ in range(2):
        send(FileChannel(type="file", path=str(path)), MESSAGE)
    assert [Message.model_validate_json(line) for line in path.read_text().splitlines()] == [MESSAGE, MESSAGE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_webhook_gets_a_signed_body(webhook, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("key\n")
    channel = WebhookChannel(type="webhook", url=f"{webhook.address}/x", secret_file=str(tmp_path / "secret"))
    send(channel, MESSAGE)
    ((headers, body),) = webhook.came
    assert headers["Driftgate-Delivery"] == "3f9c/1/ops"
    assert headers["Driftgate-Signature"] == f"sha256={signature('key', body)}"
    assert signature("other", body) not in headers["Driftgate-Signature"]
    told = json.loads(body)
    assert (told["severity"], told["owner"], told["evidence"], told["impact"]) == (
        "critical", "network-operations", "e1", "Answers may be wrong.",
    )  # fmt: skip
    assert "What to do: docs/guides/alarms.md#drift" in told["text"]


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_webhook_that_refuses_or_leads_elsewhere_did_not_take_it(webhook, status: int) -> None:
    webhook.statuses = [status]
    with pytest.raises(OSError, match=f"the webhook answered {status}"):
        send(WebhookChannel(type="webhook", url=webhook.address), MESSAGE)
    assert webhook.came == [], "nothing was sent to the other place"


def test_a_secret_that_is_not_there_is_said_before_anything_is_sent(webhook, tmp_path: Path) -> None:
    channel = WebhookChannel(type="webhook", url=webhook.address, secret_file=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="cannot be read from"):
        send(channel, MESSAGE)
    assert webhook.came == []


def test_mail_says_the_same(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    send(email(mailbox, user="robot", password_file=str(tmp_path / "password")), MESSAGE)
    assert "Subject: [critical] opened: drift/flight_delays (local)" in mailbox.mail
    assert "To: a@x.com, b@x.com" in mailbox.mail
    assert "Message-ID: <3f9c.1.ops@local.driftgate>" in mailbox.mail
    assert "Owner: network-operations" in mailbox.mail
    assert any(line.startswith("AUTH PLAIN") for line in mailbox.said)


def test_no_password_goes_to_a_server_without_tls(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    channel = email(mailbox, tls="starttls", user="robot", password_file=str(tmp_path / "password"))
    with pytest.raises(OSError, match="STARTTLS"):
        send(channel, MESSAGE)
    assert mailbox.mail == ""
    assert not any(line.startswith("AUTH") for line in mailbox.said)


def test_a_server_that_speaks_no_tls_gets_no_mail(mailbox: Mailbox) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        send(email(mailbox, tls="implicit"), MESSAGE)
    assert mailbox.mail == ""


def test_a_key_with_a_line_break_adds_no_header(mailbox: Mailbox) -> None:
    send(email(mailbox), MESSAGE.model_copy(update={"key": "drift/x\r\nBcc: everybody@example.com"}))
    assert "\nBcc:" not in mailbox.mail.split("\r\n\r\n")[0]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


def test_a_topic_passes_the_message_on(cloud: None) -> None:
    import boto3

    sns, sqs = boto3.client("sns", "us-east-1"), boto3.client("sqs", "us-east-1")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    send(SnsChannel(type="sns", topic=topic), MESSAGE)

    (came,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(came["Body"])
    assert told["Subject"] == "[critical] opened: drift/flight_delays (local)"
    assert told["Message"].startswith("The champion is worse — à Paris.")
    assert told["MessageAttributes"]["severity"]["Value"] == "critical"
    with pytest.raises(Exception, match="NotFound"):
        send(SnsChannel(type="sns", topic=f"{topic}-gone"), MESSAGE)


def test_a_metric_rises_with_an_alarm_and_falls_with_its_end(cloud: None) -> None:
    import boto3

    channel = CloudWatchChannel(type="cloudwatch", region="us-east-1")
    client = boto3.client("cloudwatch", "us-east-1")
    send(channel, MESSAGE)
    (metric,) = client.list_metrics(Namespace="Driftgate")["Metrics"]
    assert {one["Name"]: one["Value"] for one in metric["Dimensions"]} == {"Kind": "drift", "Severity": "critical"}
    send(channel, MESSAGE.model_copy(update={"event": "resolved"}))
    wanted = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Minimum"}}
    now = datetime.now(UTC)
    (found,) = client.get_metric_data(
        MetricDataQueries=[wanted], StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1)
    )["MetricDataResults"]
    assert min(found["Values"]) == 0.0
