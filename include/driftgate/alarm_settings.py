"""The section ``alarms`` of a settings file: which channels there are, and which severity goes through which."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, model_validator

from driftgate.access_settings import is_loopback
from driftgate.errors import nearest
from driftgate.records import Record
from driftgate.severity import Severity

KindName = Literal[
    "task_failed", "drift", "monitoring_silent", "cannot_judge", "revalidation", "data_change", "probing",
    "captures_lost", "manual_change", "requirement", "budget", "cost", "sensitive_data", "delivery_failed",
    "review_agreement", "test",
]  # fmt: skip
Minutes = Annotated[int, Field(ge=1)]
Hours = Annotated[float, Field(gt=0)]


class LogChannel(Record):
    """The log of whoever raises or delivers the alarm."""

    type: Literal["log"]


class FileChannel(Record):
    """One line of JSON for each message, at the end of a file."""

    type: Literal["file"]
    path: str


class WebhookChannel(Record):
    """A POST of JSON. With ``secret_file`` its body is signed (HMAC-SHA256), so that the receiver knows who sent it."""

    type: Literal["webhook"]
    url: str
    secret_file: str | None = None

    @model_validator(mode="after")
    def _is_private(self) -> "WebhookChannel":
        parts = urlsplit(self.url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError("'url' is no address of the web; write one as https://host/path")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError(f"'url' leads to {parts.hostname} in plain text; write https")
        return self


class EmailChannel(Record):
    """Mail by SMTP; ``tls`` is ``starttls`` (as on port 587), ``implicit`` (465), or ``none`` on this machine only."""

    type: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    sender: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    user: str | None = None
    password_file: str | None = None

    @model_validator(mode="after")
    def _is_private(self) -> "EmailChannel":
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError(f"'tls: none' would send mail to {self.host} in plain text; use starttls or implicit")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("'user' and 'password_file' go together; give both or neither")
        return self


class SnsChannel(Record):
    """A topic of Amazon SNS, which passes messages on to mail, chat or phones."""

    type: Literal["sns"]
    topic: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$")]

    @property
    def region(self) -> str:
        """Where the topic is, as its ARN says."""
        return self.topic.split(":")[3]


class CloudWatchChannel(Record):
    """A metric of CloudWatch, ``Alarms`` by kind and severity: 1 when an alarm is told, 0 when it is resolved."""

    type: Literal["cloudwatch"]
    namespace: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./#-]{1,255}$")] = "Driftgate"
    region: str | None = None  # None: that of the process


def _type_of(raw: Any) -> str:
    return f"({raw.get('type') if isinstance(raw, dict) else getattr(raw, 'type', None)})"


ChannelSettings = Annotated[
    Annotated[LogChannel, Tag("(log)")]
    | Annotated[FileChannel, Tag("(file)")]
    | Annotated[WebhookChannel, Tag("(webhook)")]
    | Annotated[EmailChannel, Tag("(email)")]
    | Annotated[SnsChannel, Tag("(sns)")]
    | Annotated[CloudWatchChannel, Tag("(cloudwatch)")],
    Discriminator(
        _type_of,
        custom_error_type="channel_type",
        custom_error_message="the key 'type' must be one of log, file, webhook, email, sns, cloudwatch",
    ),
]

Route = Annotated[tuple[str, ...], Field(min_length=1)]
Steps = Annotated[tuple[Route, ...], Field(min_length=1)]


class Routes(Record):
    """For each severity: the channels told at first, those told when nobody acknowledges, and so on."""

    minor: Steps = (("log",),)
    major: Steps = (("log",),)
    critical: Steps = (("log",),)


class EscalateAfter(Record):
    """How long an open alarm waits for somebody until the next step of its route is told; None: for ever."""

    minor: Minutes | None = None
    major: Minutes | None = None
    critical: Minutes | None = 60


class WatchdogSettings(Record):
    """When silence is an alarm: a published day without verdict, no verdict at all, nights that could not be judged."""

    verdict_within_hours: Hours = 6
    silent_after_hours: Hours = 26
    cannot_judge_nights: Annotated[int, Field(ge=1)] = 3


class AlarmSettings(Record):
    """Who is told of what.

    ``owner`` answers for what belongs to no use case. ``runbooks`` goes before the paths of runbooks, so that a message
    has a link. ``severity`` changes that of a kind of alarm. A delivery that failed ``failures_told`` times is an alarm
    of its own, and is given up ``give_up_after_days`` after it was due.
    """

    owner: str = "whoever runs this project"
    runbooks: str = ""
    channels: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], ChannelSettings] = {
        "log": LogChannel(type="log")
    }
    routes: Routes = Routes()
    severity: dict[KindName, Severity] = {}
    escalate_after_minutes: EscalateAfter = EscalateAfter()
    failures_told: Annotated[int, Field(ge=1)] = 3
    give_up_after_days: Annotated[int, Field(ge=1)] = 7
    watchdog: WatchdogSettings = WatchdogSettings()

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> "AlarmSettings":
        for severity, steps in self.routes:
            for name in (name for step in steps for name in step):
                if name not in self.channels:
                    raise ValueError(f"'routes.{severity}' names the channel {name!r}{nearest(name, self.channels)}")
        return self
