"""One port, six ends: each takes a message to people, or raises what went wrong. Each waits for seconds only."""

import hmac
import logging
import os
from functools import singledispatch
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from driftgate.alarm_settings import (
    ChannelSettings,
    CloudWatchChannel,
    EmailChannel,
    FileChannel,
    LogChannel,
    SnsChannel,
    WebhookChannel,
)
from driftgate.alarms.message import Message
from driftgate.errors import ConfigError
from driftgate.records import canonical_json

ANSWER_SECONDS = 3
AT_HAND = (LogChannel, FileChannel)  # on this machine: done before anybody could wait
LEVELS = {"minor": logging.WARNING, "major": logging.ERROR, "critical": logging.CRITICAL}

logger = logging.getLogger(__name__)


@singledispatch
def send(channel: ChannelSettings, message: Message) -> None:
    """Take a message through a channel.

    :raises Exception: whatever kept it from arriving; trying again later is right
    """
    raise NotImplementedError(type(channel))


@send.register
def _log(_: LogChannel, message: Message) -> None:
    level = logging.INFO if message.event == "resolved" else LEVELS[message.severity]
    logger.log(level, "alarm %s %s: %s", message.key, message.event, message.sentence)


@send.register
def _file(channel: FileChannel, message: Message) -> None:
    path = Path(channel.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    line = message.canonical() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)  # in one call: processes that append at once do not mix their lines
    finally:
        os.close(descriptor)


@send.register
def _webhook(channel: WebhookChannel, message: Message) -> None:
    # ``text`` is what chat programs show of a body.
    body = canonical_json({**message.model_dump(mode="json"), "text": f"{message.subject}\n{message.text}"})
    headers = {"Content-Type": "application/json", "Driftgate-Delivery": message.delivery_id}
    if channel.secret_file:
        headers["Driftgate-Signature"] = f"sha256={signature(_secret(channel.secret_file), body)}"
    request = Request(channel.url, data=body, headers=headers, method="POST")  # noqa: S310  https, or loopback
    try:
        with build_opener(_Stay).open(request, timeout=ANSWER_SECONDS) as answer:
            answer.read(0)
    except HTTPError as error:
        error.close()
        raise OSError(f"the webhook answered {error.code}") from None  # its text may say anything


def signature(secret: str, body: bytes) -> str:
    """Return what a receiver who knows the secret computes from a body too."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nobody: the message is for the host in the settings."""


@send.register
def _email(channel: EmailChannel, message: Message) -> None:
    from email.message import EmailMessage
    from smtplib import SMTP, SMTP_SSL
    from ssl import create_default_context

    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject, channel.sender, ", ".join(channel.to)
    mail["Message-ID"] = f"<{message.delivery_id.replace('/', '.')}@{message.environment}.driftgate>"
    mail.set_content(message.text)
    where = (channel.host, channel.port)
    with (
        SMTP_SSL(*where, timeout=ANSWER_SECONDS, context=create_default_context())
        if channel.tls == "implicit"
        else SMTP(*where, timeout=ANSWER_SECONDS)
    ) as smtp:
        if channel.tls == "starttls":
            smtp.starttls(context=create_default_context())
        if channel.user and channel.password_file:
            smtp.login(channel.user, _secret(channel.password_file))
        smtp.send_message(mail)


@send.register
def _sns(channel: SnsChannel, message: Message) -> None:
    attributes = {"severity": message.severity, "kind": message.kind, "delivery_id": message.delivery_id}
    _aws("sns", channel.region).publish(
        TopicArn=channel.topic,
        Subject=message.subject,
        Message=message.text,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


@send.register
def _cloudwatch(channel: CloudWatchChannel, message: Message) -> None:
    dimensions = [{"Name": "Kind", "Value": message.kind}, {"Name": "Severity", "Value": message.severity}]
    value = 0.0 if message.event == "resolved" else 1.0
    _aws("cloudwatch", channel.region).put_metric_data(
        Namespace=channel.namespace,
        MetricData=[{"MetricName": "Alarms", "Dimensions": dimensions, "Value": value, "Unit": "Count"}],
    )


def _aws(service: str, region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    waits = {"connect_timeout": ANSWER_SECONDS, "read_timeout": ANSWER_SECONDS}
    return boto3.client(service, region_name=region, config=Config(**waits, retries={"total_max_attempts": 1}))


def _secret(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigError(f"The secret of a channel cannot be read from {path} ({error.strerror}).") from None
