"""Data and compute in one Region: traffic between two is slow and is paid for by the gigabyte."""

import re
from collections.abc import Iterator

from driftgate.compute.aws import client, region_of, sentences
from driftgate.compute.targets import Target, find_target
from driftgate.errors import ConfigError
from driftgate.settings import settings

ECR = re.compile(r"\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com")
ARN = re.compile(r"arn:aws[a-z-]*:[a-z-]+:([a-z0-9-]+):")
# HEAD has no body, so AWS gives numbers only.
TROUBLE = {"403": "may not be looked at: allow s3:ListBucket on it", "404": "does not exist"}


def refuse_regions(name: str, target: Target) -> None:
    """Refuse a target that computes in one Region and reads or writes in another, unless it says why it may.

    :raises ConfigError: something of it is elsewhere, or one of its buckets is not there or may not be looked at
    """
    region = region_of(target)
    if target.allow_cross_region or region is None:
        return
    for what, other in (*_named(target), *_buckets(name, target)):
        if other and other != region:
            raise ConfigError(
                f"Compute target {name!r} in compute.yaml is in {region}, and {what} is in {other}: traffic between "
                f"Regions is slow and paid for; keep both in one, or say under 'allow_cross_region' why not."
            )


def _named(target: Target) -> Iterator[tuple[str, str | None]]:
    """Yield what the target names and the Region that its name tells of."""
    if found := ECR.match(target.image or ""):
        yield "its image", found[1]
    for key in ("queue", "cluster"):
        if found := ARN.match(getattr(target, key) or ""):
            yield f"its {key}", found[1]
    for variable, secret in target.secrets.items():
        if found := ARN.match(secret):
            yield f"the secret {variable}", found[1]
    for following in target.then:
        yield f"the target {following!r}, to which it may move,", _remote_region(find_target(following))


def _remote_region(target: Target) -> str | None:
    return None if target.backend == "local" else region_of(target)


def _buckets(name: str, target: Target) -> Iterator[tuple[str, str | None]]:
    """Yield the buckets of lake and dataset versions with the Region that S3 gives; another store may give none."""
    for what, uri in (("the lake", settings().lake), ("the DVC remote", settings().dvc_remote)):
        if uri.startswith("s3://"):
            bucket = uri.removeprefix("s3://").partition("/")[0]
            yield f"{what}, bucket {bucket!r},", _bucket_region(name, target, bucket)


def _bucket_region(name: str, target: Target, bucket: str) -> str | None:
    from botocore.exceptions import ClientError

    with sentences(name):
        try:
            answer = client("s3", target).head_bucket(Bucket=bucket)
        except ClientError as error:
            if (trouble := TROUBLE.get(error.response["Error"].get("Code", ""))) is None:
                raise
            raise ConfigError(f"Compute target {name!r}: the bucket {bucket!r} {trouble}; correct that.") from None
    region: str | None = answer.get("BucketRegion")
    return region
