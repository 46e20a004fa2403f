"""What SageMaker is asked, in which order, and what comes of deaths, alarms, hands and bad settings."""

from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.endpoint.backends import endpoint_backend
from driftgate.errors import ConfigError, EndpointSilent, NotSupported, PromotionRefused
from driftgate.metadata import metadata
from driftgate.promotion import DeploymentState, confirm, deployment, reconcile, reconciliation, reported
from driftgate.promotion.control import control_beside, require_control
from driftgate.promotion.served import serve
from driftgate.registry.states import move_state
from driftgate.use_cases import load_use_case

NAME, ENDPOINT, ALARM = "flight_delays", "driftgate-flight-delays", "driftgate-flight-delays-5xx"
Recorder = Any  # of conftest.py
Move = Callable[..., DeploymentState]


@pytest.fixture
def traffic_only(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconcile the endpoint only: these states were written without change records and without MLflow."""
    monkeypatch.setattr(reconciliation, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(reconciliation, "_unrecorded", lambda state: None)
    monkeypatch.setattr(reconciliation, "align_alias", lambda use_case: False)


def named(recorder: Recorder) -> list[str]:
    return [name for name, _ in recorder.calls]


def test_the_requests_of_a_promotion(recorder: Recorder, world: Any, move: Move, aws: LocalAws) -> None:
    serve(move("1"))
    serve(move("1", "2"))
    (_, model), (_, config), (_, endpoint), (_, second), (_, shadowed), (_, update) = recorder.calls
    container = model["PrimaryContainer"]
    assert container["Image"] == aws.image
    source = container["ModelDataSource"]["S3DataSource"]
    assert source == {
        "S3Uri": "s3://driftgate-lake/models/flight_delays/1/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    assert container["Environment"]["DRIFTGATE_SERVES"] == "flight_delays/1"
    assert model["VpcConfig"] == {"Subnets": [aws.subnet], "SecurityGroupIds": [aws.security_group]}
    assert {tag["Key"] for tag in endpoint["Tags"]} >= {"project", "business_unit", "environment", "owner", "use_case"}
    assert config["DataCaptureConfig"]["DestinationS3Uri"] == "s3://driftgate-lake/sagemaker"
    assert config["KmsKeyId"] == config["DataCaptureConfig"]["KmsKeyId"]
    [shadow] = shadowed["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["ModelName"]) == ("candidate", second["ModelName"])
    assert shadow["InitialVariantWeight"] == shadowed["ProductionVariants"][0]["InitialVariantWeight"]
    assert update["DeploymentConfig"]["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": ALARM}]}

    recorder.calls.clear()
    for share in (5, 25):
        serve(move("1", "2", share))
    assert named(recorder) == ["create_endpoint_config", "update_endpoint", "update_endpoint_weights_and_capacities"]
    assert "DeploymentConfig" not in recorder.calls[1][1], "AWS refuses one when a variant comes"
    recorder.calls.clear()
    serve(move("1"))
    assert named(recorder) == ["update_endpoint_weights_and_capacities", "update_endpoint"], "requests go first"
    weights = {one["VariantName"]: one["DesiredWeight"] for one in recorder.calls[0][1]["DesiredWeightsAndCapacities"]}
    assert weights == {"champion": 100.0, "candidate": 0.0}


def test_whatever_call_it_dies_after_one_endpoint_comes_of_it(
    recorder: Recorder, world: Any, move: Move, aws: LocalAws
) -> None:
    for step in (("1",), ("1", "2"), ("1", "2", 5), ("2",)):
        state, deaths = move(*step), 0
        while deaths < 9:
            recorder.calls, recorder.dies_after = [], 1
            try:
                serve(state)
            except KeyboardInterrupt:
                deaths += 1
            else:
                break
        assert deaths, "something was done"
        assert reported(NAME).variants == state.variants
    sagemaker = aws.client("sagemaker")
    assert [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]] == [ENDPOINT]
    assert len(sagemaker.list_models()["Models"]) == 2


def test_whoever_waits_for_an_older_state_asks_for_the_newest(recorder: Recorder, world: Any, move: Move) -> None:
    serve(move("1"))
    older = move("1", "2")
    newest = move("1")
    assert serve(older).follows(older), "what came after it is as good"
    assert reported(NAME).variants == newest.variants
    assert "update_endpoint" not in named(recorder)


def test_an_update_that_an_alarm_takes_back_is_refused_and_not_tried_again(
    recorder: Recorder, world: Any, move: Move, aws: LocalAws
) -> None:
    serve(move("1"))
    ring(aws)
    recorder.calls.clear()
    with pytest.raises(PromotionRefused, match=f"back: The alarm {ALARM} went off.*version 1 serves alone"):
        confirm(load_use_case(NAME), move("1", "2"), actor="test")
    assert named(recorder).count("update_endpoint") == 1
    assert [one.version for one in reported(NAME).variants] == ["1"]


def test_what_nobody_waited_for_is_told_by_the_next_sweep(
    recorder: Recorder, traffic_only: None, move: Move, aws: LocalAws, until: Callable[..., Any]
) -> None:
    serve(move("1"))
    ring(aws)
    endpoint_backend().apply(move("1", "2"))
    until(lambda: not reported(NAME).moving)
    assert "version 2 not at all instead of as shadow" in str(
        reconcile(load_use_case(NAME), actor="sweep").manual_change
    )
    assert alarms_told()
    aws.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="mended")
    reconcile(load_use_case(NAME), actor="sweep", restores=True)
    until(lambda: not reported(NAME).moving)
    assert reconcile(load_use_case(NAME), actor="sweep").manual_change is None
    assert alarms_told() is None


def test_weights_moved_in_the_console_are_told(
    recorder: Recorder, traffic_only: None, move: Move, aws: LocalAws
) -> None:
    serve(move("1"))
    serve(move("1", "2", 5))
    moved = [{"VariantName": "champion", "DesiredWeight": 1}, {"VariantName": "candidate", "DesiredWeight": 1}]
    aws.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT, DesiredWeightsAndCapacities=moved
    )
    found = reconcile(load_use_case(NAME), actor="sweep")
    assert "version 2 as canary with 50 % instead of as canary with 5 %" in str(found.manual_change)


def test_a_version_that_may_not_serve_gets_no_machine(recorder: Recorder, world: Any, move: Move) -> None:
    move_state(NAME, "2", "quarantined", actor="anna", reason="found wrong")
    with pytest.raises(PromotionRefused, match="quarantined"):
        serve(move("2"))
    assert recorder.calls == []


BAD: list[tuple[dict[str, Any], str]] = [
    ({"image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/x@sha256:{'5' * 64}"}, "its image is in us-east-1"),
    ({"kms_key": "arn:aws:kms:us-east-1:123456789012:key/1"}, "its kms_key is in us-east-1"),
    ({"image": "driftgate:latest"}, "image"),
    ({"subnets": []}, "subnets and security_groups come together"),
    ({"role": "driftgate"}, "role"),
    (
        {"region": "eu-central-1", "kms_key": None, "image": f"x@sha256:{'5' * 64}"},
        "bucket 'driftgate-lake', is in",
    ),
]


def test_bad_settings_get_a_sentence(cloud: Callable[..., Any], recorder: Recorder, world: Any, move: Move) -> None:
    state = move("1")
    for changes, sentence in BAD:
        cloud(**changes)
        with pytest.raises(ConfigError, match=sentence):
            serve(state)
    assert recorder.calls == []


def test_a_control_is_refused_and_a_record_that_has_one_serves_nobody(recorder: Recorder, world: Any) -> None:
    world.deploy("1", control=5)
    state, use_case = deployment(NAME), load_use_case(NAME)
    assert state is not None
    with pytest.raises(NotSupported, match="Revision 1 of flight_delays gives 5 % of the requests to a rule, and Sage"):
        endpoint_backend().apply(state)
    asked = use_case.model_copy(update={"promote": use_case.promote.model_copy(update={"control_share": 5})})
    with pytest.raises(PromotionRefused, match=r"this environment's endpoint \(SageMaker\) routes between models only"):
        require_control(asked, "1")
    assert (control_beside(asked, "1"), recorder.calls) == (0, [])


def test_a_lake_that_is_a_folder_cannot_be_read_by_a_container(
    recorder: Recorder, world: Any, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, found = move("1"), endpoint_backend()
    monkeypatch.setenv("DRIFTGATE_ENV", "local")
    with pytest.raises(NotSupported, match="reads packages from S3"):
        found.apply(state)


def test_what_aws_refuses_is_a_sentence_and_what_passes_is_tried_again(
    recorder: Recorder, world: Any, move: Move, aws: LocalAws
) -> None:
    aws.deny("SageMaker:CreateModel")
    state = move("1")
    with pytest.raises(ConfigError, match="AWS does not permit CreateModel for the endpoint of flight_delays"):
        serve(state)
    aws.allow("SageMaker:CreateModel")
    aws.throttle("SageMaker:DescribeEndpoint", 1)
    with pytest.raises(EndpointSilent, match="does not answer DescribeEndpoint now"):
        reported(NAME)
    assert serve(state).follows(state)


def alarms_told() -> str | None:
    """Return what the alarm about traffic moved past the records says, while it is open."""
    entry = metadata().latest("alarm", f"manual_change/{NAME}")
    return entry.body["sentence"] if entry and entry.body["state"] == "open" else None


def ring(aws: LocalAws) -> None:
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=ALARM, MetricName="Invocation5XXErrors", Namespace="AWS/SageMaker", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="a test")
