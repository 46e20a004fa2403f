"""The private parts of moto that ``local_aws`` takes hold of: when an update moves one, this says which."""

import inspect

import moto.batch.models as batch
import moto.ecs.models as ecs
import pytest
from moto.batch.responses import BatchResponse
from moto.core.base_backend import BackendDict
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_server import werkzeug_app
from moto.s3.responses import S3Response
from moto.sagemaker.models import FakeEndpoint
from moto.sagemaker.responses import SageMakerResponse


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (batch.Job, ["run", "terminate", "describe", "describe_short", "_start_attempt", "_stop_attempt"]),
        (batch.Job, ["_mark_stopped", "_get_attempt_duration", "_add_parameters_to_command"]),
        (BatchResponse, ["submitjob", "describejobs", "listjobs", "describecomputeenvironments"]),
        (batch.BatchBackend, ["get_job_queue", "get_compute_environment", "list_jobs", "list_tags_for_resource"]),
        (EC2ContainerServiceResponse, ["run_task", "describe_tasks"]),
        (ecs.EC2ContainerServiceBackend, ["list_tasks", "stop_task", "_get_cluster"]),
        (ecs.Task, ["advance"]),
        (S3Response, ["put_object", "get_object"]),
        (SageMakerResponse, ["create_endpoint_config", "describe_endpoint_config", "describe_endpoint"]),
        (SageMakerResponse, ["update_endpoint_weights_and_capacities"]),
        (FakeEndpoint, ["_process_production_variants"]),
        (BackendDict, ["_instances"]),
        (werkzeug_app, ["DomainDispatcherApplication", "MotoRequestHandler", "create_backend_app"]),
    ],
)
def test_what_is_replaced_or_called_is_there(owner: object, names: list[str]) -> None:
    assert [name for name in names if not hasattr(owner, name)] == []


def test_jobs_and_tasks_are_made_of_a_class_that_is_looked_up_in_the_module() -> None:
    assert " Job(" in inspect.getsource(batch.BatchBackend.submit_job)
    assert " Task(" in inspect.getsource(ecs.EC2ContainerServiceBackend.run_task)


def test_a_job_has_what_is_read_from_it() -> None:
    made = set(batch.Job.__init__.__code__.co_names)
    read = {"job_id", "job_queue", "job_definition", "container_overrides", "array_properties", "depends_on"}
    read |= {"all_jobs", "attempts", "latest_attempt", "_child_jobs", "stop", "job_stopped", "job_stopped_reason"}
    assert read - made == set()


def test_a_task_has_what_is_read_from_it() -> None:
    made = set(ecs.Task.__init__.__code__.co_names)
    read = {"id", "cluster_name", "desired_status", "overrides", "containers", "stopped_reason", "region_name"}
    assert read | {"capacity_provider_name", "_account_id"} <= made
    assert "exitCode" in ecs.Container.__init__.__code__.co_names


def test_lists_of_tasks_take_their_filters_in_this_order() -> None:
    order = ["self", "cluster_str", "container_instance", "family", "started_by", "service_name", "desiredStatus"]
    assert list(inspect.signature(ecs.EC2ContainerServiceBackend.list_tasks).parameters) == order
