"""One Region for data, image, secrets and compute; checked before anything is submitted."""

from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import IMAGE, LocalAws

from driftgate.compute import JobSpec, submit
from driftgate.compute.job_records import find_record
from driftgate.compute.regions import refuse_regions
from driftgate.compute.targets import Target, find_target
from driftgate.errors import ConfigError

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:driftgate/data-AbCdEf"
ELSEWHERE = "arn:aws:batch:us-east-1:123456789012:job-queue/q"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"region": "us-east-1", "image": f"r@sha256:{'0' * 64}"},
            "is in us-east-1, and the lake, bucket 'driftgate-lake', is",
        ),
        ({"image": IMAGE.replace("eu-west-1", "us-east-1")}, "its image is in us-east-1"),
        ({"secrets": {"TOKEN": SECRET}}, "the secret TOKEN is in us-east-1"),
        ({"queue": ELSEWHERE}, "its queue is in us-east-1"),
        ({"then": ["far"]}, "the target 'far', to which it may move, is in us-east-1"),
    ],
)
def test_what_is_in_another_region_is_refused(
    on_s3: LocalAws,
    compute_yaml: Callable[..., None],
    batch_target: dict[str, Any],
    changes: dict[str, Any],
    sentence: str,
) -> None:
    asked = {**batch_target, **changes}
    compute_yaml(here=asked, far={**batch_target, "region": "us-east-1"})
    with pytest.raises(ConfigError, match=sentence):
        refuse_regions("here", find_target("here"))
    refuse_regions("here", Target.model_validate({**asked, "allow_cross_region": "the only Region with p5"}))


def test_one_region_passes_and_so_does_a_target_that_moves_to_this_machine(
    on_s3: LocalAws, compute_yaml: Callable[..., None], batch_target: dict[str, Any]
) -> None:
    local = {"backend": "local", "vcpu": 1, "memory_mib": 1024, "timeout_minutes": 5}
    compute_yaml(here={**batch_target, "then": ["local"]}, local=local)
    refuse_regions("here", find_target("here"))


def test_a_bucket_that_is_not_there_is_a_sentence(
    on_s3: LocalAws, compute_yaml: Callable[..., None], batch_target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_DVC_BUCKET", "nowhere")
    compute_yaml(here=batch_target)
    with pytest.raises(ConfigError, match="the bucket 'nowhere' does not exist"):
        refuse_regions("here", find_target("here"))


def test_nothing_is_submitted_or_recorded(
    on_s3: LocalAws,
    compute_yaml: Callable[..., None],
    batch_target: dict[str, Any],
    tagged: dict[str, str],
    job_spec: Callable[..., JobSpec],
) -> None:
    compute_yaml(here={**batch_target, "image": IMAGE.replace("eu-west-1", "us-east-1")})
    spec = job_spec(target="here", tags=tagged)
    with pytest.raises(ConfigError, match="traffic between Regions is slow and paid for"):
        submit(spec)
    assert find_record(spec.job_id) is None
    assert on_s3.calls("batch:SubmitJob") == 0
