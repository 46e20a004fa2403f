"""The wiring of an ingest DAG."""


def test_flights_are_judged_when_the_planes_that_they_refer_to_are_published_or_will_not_be(dags):
    dag = dags["nycflights.ingest"]
    settled = dag.get_task("settle_planes")

    assert settled.upstream_task_ids == {"publish_planes"}
    assert settled.downstream_task_ids == {"validate_flights"}
    assert settled.trigger_rule == "all_done"
    assert dag.get_task("validate_flights").upstream_task_ids == {"ingest_flights", "settle_planes"}
    assert [task.task_id for task in dag.tasks if task.task_id.startswith("settle_")] == ["settle_planes"]
