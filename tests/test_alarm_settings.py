"""The section ``alarms`` of a settings file: what is wrong is said at its key."""

import re

import pytest

from driftgate.alarm_settings import AlarmSettings
from driftgate.errors import ConfigError
from driftgate.records import parse_record

MAIL = {"type": "email", "host": "mail.example.com", "sender": "d@example.com", "to": ["a@example.com"]}
HOOK = {"type": "webhook", "url": "https://hooks.example.com/x"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"channels": {"x": {"type": "pager"}}}, "key 'channels.x': the key 'type' must be one of log, file, webhook"),
        ({"channels": {"x": {}}}, "must be one of log, file"),
        ({"channels": {"x": {"type": "file"}}}, "key 'channels.x.path' is missing"),
        (
            {"channels": {"x": {**HOOK, "url": "http://hooks.example.com"}}},
            "leads to hooks.example.com in plain text",
        ),
        ({"channels": {"x": {**HOOK, "url": "ftp://hooks.example.com"}}}, "no address of the web"),
        ({"channels": {"x": {**MAIL, "tls": "none"}}}, "would send mail to mail.example.com in plain text"),
        ({"channels": {"x": {**MAIL, "user": "me"}}}, "'user' and 'password_file' go together"),
        ({"channels": {"x": {**MAIL, "to": []}}}, "key 'channels.x.to'"),
        ({"channels": {"x": {"type": "sns", "topic": "alarms"}}}, "key 'channels.x.topic'"),
        ({"routes": {"minor": [["logg"]]}}, "'routes.minor' names the channel 'logg'; did you mean 'log'?"),
        ({"routes": {"major": []}}, "key 'routes.major'"),
        ({"routes": {"urgent": [["log"]]}}, "unknown key 'routes.urgent'"),
        ({"severity": {"probing": "bad"}}, "cannot be 'bad'"),
        ({"severity": {"probin": "major"}}, "cannot be 'probin'; did you mean 'probing'?"),
        ({"escalate_after_minutes": {"critical": 0}}, "key 'escalate_after_minutes.critical'"),
        ({"watchdog": {"silent_after_hours": 0}}, "key 'watchdog.silent_after_hours'"),
    ],
)
def test_what_is_wrong_gets_a_sentence(raw: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        parse_record(raw, AlarmSettings, where="local.yaml")


def test_all_of_it_can_be_written() -> None:
    found = AlarmSettings.model_validate({
        "channels": {
            "log": {"type": "log"}, "mail": {**MAIL, "tls": "implicit", "port": 465}, "chat": HOOK,
            "phone": {"type": "sns", "topic": TOPIC}, "metric": {"type": "cloudwatch"},
        },
        "routes": {"critical": [["chat", "metric"], ["phone", "mail"]]},
        "escalate_after_minutes": {"major": 240},
    })  # fmt: skip
    assert found.routes.critical == (("chat", "metric"), ("phone", "mail"))
    assert found.channels["phone"].region == "eu-west-1"
    assert AlarmSettings.model_validate(found.model_dump()) == found
