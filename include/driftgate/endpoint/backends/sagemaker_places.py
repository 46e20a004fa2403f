"""An endpoint, its image, its key and its data in one Region, and encrypted where the stage is production."""

from collections.abc import Iterator

from driftgate.compute.aws import client_in
from driftgate.compute.regions import ARN, ECR, TROUBLE
from driftgate.errors import ConfigError
from driftgate.sagemaker_settings import SageMakerSettings
from driftgate.settings import settings


def refuse_places(use_case_name: str, asked: SageMakerSettings) -> None:
    """Refuse an endpoint that would read from another Region, or that would leave captures of production unencrypted.

    :raises ConfigError: something of it is elsewhere, or there is no key
    """
    if settings().stage == "production" and not asked.kms_key:
        raise ConfigError(
            "The section 'endpoint.sagemaker' of a production environment names no 'kms_key', so that disks and "
            "captured requests would have no key of yours; add its ARN."
        )
    for what, region in _places(asked):
        if region != asked.region:
            raise ConfigError(
                f"The endpoint of {use_case_name} is in {asked.region}, and {what} is in {region}; keep both in one "
                "Region."
            )


def _places(asked: SageMakerSettings) -> Iterator[tuple[str, str]]:
    if found := ECR.match(asked.image):
        yield "its image", found[1]
    if found := ARN.match(asked.kms_key or ""):
        yield "its kms_key", found[1]
    bucket = settings().lake.removeprefix("s3://").partition("/")[0]
    if region := _bucket_region(bucket, asked):
        yield f"the lake, bucket {bucket!r},", region


def _bucket_region(bucket: str, asked: SageMakerSettings) -> str | None:
    from botocore.exceptions import ClientError

    try:
        found: str | None = client_in("s3", asked.region).head_bucket(Bucket=bucket).get("BucketRegion")
        return found
    except ClientError as error:
        if trouble := TROUBLE.get(error.response["Error"].get("Code", "")):
            raise ConfigError(f"The bucket {bucket!r} of the lake {trouble}; correct that.") from None
        raise
