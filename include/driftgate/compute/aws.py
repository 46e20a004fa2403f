"""Clients of AWS, and what their errors say to a person.

A call that was throttled or not answered is tried again with growing, random pauses. What is left of that is raised as
it is: trying again later is right. What no repetition heals becomes a sentence.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from driftgate.compute.permissions import action_of
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError

Session = Any  # of boto3
CALLS = 8  # of one request, the first included; AWS_MAX_ATTEMPTS overrides it
PASSING = {
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "ServerException",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "ExpiredToken",  # a session's token is renewed by whoever made the session
    "ExpiredTokenException",
}
FORBIDDEN = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
NO_CREDENTIALS = {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"}

_session: Callable[[], Session] | None = None


def use_session(factory: Callable[[], Session] | None) -> None:
    """Have clients made by the sessions of ``factory``, as those of Airflow's AWS connection; None: boto3's own."""
    global _session
    _session = factory
    _client.cache_clear()


def client(service: str, target: Target, *, once: bool = False) -> Any:
    """Return a client for the target's region; threads may share it.

    :param once: send every request once, because a repetition could do it twice
    :raises ConfigError: neither the target nor the environment names a region
    """
    return client_in(service, region_of(target), once=once)


def client_in(service: str, region: str | None, *, once: bool = False) -> Any:
    """Return a client for a region, as :func:`client` does."""
    calls = 1 if once else int(os.environ.get("AWS_MAX_ATTEMPTS", CALLS))
    return _client(service, region, os.environ.get("AWS_ENDPOINT_URL"), calls, os.environ.get("AWS_ACCESS_KEY_ID"))


def region_of(target: Target) -> str | None:
    """Return the region of the target, or else of this process; None leaves it to boto3's files."""
    return target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


@cache
def _client(service: str, region: str | None, endpoint: str | None, calls: int, _: str | None) -> Any:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    session = _session() if _session else boto3.Session()
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": calls},
        connect_timeout=5,
        read_timeout=30,
        user_agent_extra="driftgate",
    )
    try:
        return session.client(service, region_name=region, endpoint_url=endpoint, config=config)
    except NoRegionError:
        raise ConfigError(
            "AWS needs a region and none is named; write 'region' into the compute target in compute.yaml, or set "
            "AWS_DEFAULT_REGION."
        ) from None


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """Turn the errors of AWS that no repetition heals into sentences about the compute target ``name``.

    :raises ConfigError: no credentials, a missing permission, or a request that AWS refuses
    """
    from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError, PartialCredentialsError

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError):
        raise ConfigError(
            f"There are no AWS credentials for the compute target {name!r}; give the worker a role, or Airflow an AWS "
            f"connection."
        ) from None
    except ParamValidationError as error:
        raise ConfigError(f"Compute target {name!r} in compute.yaml: {' '.join(str(error).split())}") from None
    except ClientError as error:
        sentence = refusal(name, error)
        if sentence is None:
            raise
        raise ConfigError(sentence) from None


def refusal(name: str, error: Any) -> str | None:
    """Return the sentence about a request that AWS refused, or None when trying again may heal it."""
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if is_passing(error):
        return None
    if code in FORBIDDEN or "is not authorized to perform" in message:
        return _forbidden(name, error.operation_name, message)
    if code in NO_CREDENTIALS:
        return f"AWS does not know the credentials used for the compute target {name!r}; renew them."
    said = message.rstrip(".") or code
    return (
        f"AWS refused {error.operation_name} for the compute target {name!r} in compute.yaml: {said}. Correct it there."
    )


def is_passing(error: Any) -> bool:
    """Return whether the answer of AWS is one that trying again may heal."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or status == 429 or error.response["Error"].get("Code", "") in PASSING


def is_throttled(error: Any) -> bool:
    """Return whether AWS did nothing because it was asked too often."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status == 429 or "Throttl" in error.response["Error"].get("Code", "")


def _forbidden(name: str, operation: str, message: str) -> str:
    found = re.search(r"User: (\S+) is not authorized to perform: (\S+?)(?: on resource: (\S+))?(?: |$)", message)
    if not found:
        return (
            f"AWS does not permit {action_of(operation)} for the compute target {name!r}; allow it to the role that "
            f"Airflow uses."
        )
    who, action, resource = found.groups()
    where = f" on {resource}" if resource and resource != "*" else ""
    return f"Compute target {name!r}: {_role(who)} may not {action}{where}; allow it in a policy of that role."


def _role(arn: str) -> str:
    found = re.search(r":(?:assumed-role|role|user)/([^/]+)", arn)
    return f"the role {found[1]!r}" if found else arn
