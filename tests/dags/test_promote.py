"""Where a promotion ends, whatever its judges say: the switch and the rollback exclude each other."""

import pytest

# The same outcomes were seen once on Airflow 3.3.2 itself, with these DAGs and operators that answer by a script.
SCENARIOS = {
    "all judges say yes": ({}, "success", "skipped"),
    "the first model goes live at once": (
        {"deploy_shadow": "switch_champion"},
        "success",
        "skipped",
    ),
    "the shadow's judge says no": ({"judge_shadow": "roll_back"}, "skipped", "success"),
    "a canary's judge says no": ({"judge_canary_25": "roll_back"}, "skipped", "success"),
    "the last judge says no": ({"judge_canary_50": "roll_back"}, "skipped", "success"),
    "the shadow cannot be deployed": ({"deploy_shadow": "failed"}, "upstream_failed", "success"),
    "the candidate answers otherwise at the endpoint": ({"check_skew": "failed"}, "upstream_failed", "success"),
    "a person says no": ({"approve": "roll_back"}, "skipped", "success"),
    "nobody can be asked": ({"approve": "failed"}, "upstream_failed", "success"),
    "a judge breaks": ({"judge_shadow": "failed"}, "upstream_failed", "success"),
    "the last judge breaks": ({"judge_canary_50": "failed"}, "upstream_failed", "success"),
    "a canary cannot be given its share": ({"canary_25": "failed"}, "upstream_failed", "success"),
}


@pytest.mark.parametrize(("answers", "switch", "rollback"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_promotion_ends_in_the_switch_or_in_the_rollback(dags, answers, switch, rollback):
    states = play(dags["flight_delays.promote"], answers)
    assert (states["switch_champion"], states["roll_back"]) == (switch, rollback)


def play(dag, answers):
    """The state of every task by Airflow's rules for branches and triggers; a branch says yes unless told otherwise."""
    states, skipped = {}, set()
    for task in dag.topological_sort():
        upstream = [states[name] for name in task.upstream_task_ids]
        states[task.task_id] = "skipped" if task.task_id in skipped else triggered(task.trigger_rule, upstream)
        answer = answers.get(task.task_id, getattr(task, "then", None))
        if states[task.task_id] != "success" or answer is None:
            continue
        if answer == "failed":
            states[task.task_id] = "failed"
            continue
        followed = {answer, *dag.get_task(answer).get_flat_relative_ids(upstream=False)}
        skipped |= task.downstream_task_ids - followed
    return states


def triggered(rule, upstream):
    if rule == "all_done":
        return "success"
    if {"failed", "upstream_failed"} & set(upstream):
        return "upstream_failed"
    enough = "success" in upstream if rule == "none_failed_min_one_success" else "skipped" not in upstream
    return "success" if enough else "skipped"
