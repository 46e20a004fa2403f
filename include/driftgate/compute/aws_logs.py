"""The log of a container in CloudWatch: its last lines, and where a person reads it."""

from urllib.parse import quote

from driftgate.compute.aws import client, refusal, region_of
from driftgate.compute.targets import Target

LINES = 15
MISSING = "ResourceNotFoundException"


def last_lines(name: str, target: Target, stream: str | None) -> tuple[str, ...]:
    """Return the end of a log; when it cannot be read, the one line that says why."""
    from botocore.exceptions import ClientError

    if not stream:
        return ()
    logs = client("logs", target)
    try:
        found = logs.get_log_events(
            logGroupName=target.log_group, logStreamName=stream, limit=LINES, startFromHead=False
        )
    except ClientError as error:
        if error.response["Error"].get("Code") == MISSING:
            return ()
        sentence = refusal(name, error)
        if sentence is None:
            raise
        return (f"(The log could not be read. {sentence})",)
    return tuple(line for event in found["events"] for line in event["message"].splitlines())[-LINES:]


def link(target: Target, stream: str) -> str:
    """Return the address of a log in the console of AWS."""
    region = region_of(target)
    return (
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
        f"{_twice(target.log_group)}/log-events/{_twice(stream)}"
    )


def _twice(text: str) -> str:
    """The console reads its fragment encoded twice, with ``$`` for the second ``%``."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
