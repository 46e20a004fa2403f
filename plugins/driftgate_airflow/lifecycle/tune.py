"""# Tune

Searches better parameters for the trainer: each trial trains a model as a job on the use case's compute target. It
changes nothing by itself. The report (button *Tuning* of the task) has the best parameters as YAML, to be put into
`use_case.yaml` in a pull request, and a narrower space for the next time.

**When it runs:** only by hand, with a partition key: the last day of the training window. What the form leaves empty is
as the section `tune` of `use_case.yaml` says.

**If `tune_parameters` fails or its worker dies:** clear it. It goes on with the same study: ended trials are kept,
running jobs are found, none is run twice. To search on after the limits were reached, trigger it with higher ones.

**If `tune_parameters` is skipped:** the trials would overrun the week's budget; the log says by how much.

**If every trial failed:** the sentence is that of the first one; the report lists all of them.
"""

from datetime import timedelta
from typing import Any, get_args

from airflow.sdk import DAG, Param, XComArg

from driftgate.search_space import MOST_PARENTS, Strategy
from driftgate.use_cases import UseCase
from driftgate_airflow.defaults import START, Stage, Tier, beyond_budget_param, default_args
from driftgate_airflow.operators.prepare_dataset import PrepareDatasetOperator
from driftgate_airflow.operators.tune_parameters import TuneOperator

LONGEST = timedelta(days=2)


def tune(use_case: UseCase, *, runbook: str) -> DAG:
    """Make the tuning DAG of one use case."""
    name = use_case.name
    with DAG(
        dag_id=f"{name}.tune",
        schedule=None,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LONGEST,
        doc_md=f"{__doc__}\n\n{runbook}",
        tags=[Stage.RETRAIN, Tier.TWO, name],
        default_args=default_args(use_case.owner.team),
        params=_params(),
    ) as dag:
        dataset = PrepareDatasetOperator(task_id="prepare_dataset", use_case=name)
        version: Any = XComArg(dataset, key="dataset_version")  # a string when the task runs
        TuneOperator(task_id="tune_parameters", use_case=name, dataset_version=version, execution_timeout=LONGEST)
    return dag


def _params() -> dict[str, Param]:
    return {
        "trials": _count("Trials", "How many models are trained at most."),
        "minutes": _limit("Minutes", "Running time of all trials together; the best so far is kept."),
        "usd": _limit("US dollars", "Cost of all trials together, by the price table; the best so far is kept."),
        "strategy": Param(
            None,
            type=["null", "string"],
            enum=[None, *get_args(Strategy)],
            title="Strategy",
            description="Bayesian needs the fewest trials, hyperband suits networks; a grid is asked for in the file.",
        ),
        "parallel": _count(
            "At once", "How many trials run at once; a Bayesian search learns nothing from those that still run."
        ),
        "beyond_budget": beyond_budget_param(),
        "warm_start": Param(
            [],
            type="array",
            maxItems=MOST_PARENTS,
            title="Begin from",
            description="Names of earlier studies, one a line, five at most.",
        ),
        "warm_start_type": Param(
            "transfer_learning",
            type="string",
            enum=["transfer_learning", "identical_data_and_algorithm"],
            title="How to begin",
            description="Identical counts their trials as its own, and takes the same data, trainer and measure.",
        ),
    }


def _count(title: str, description: str) -> Param:
    return Param(None, type=["null", "integer"], minimum=1, title=title, description=description)


def _limit(title: str, description: str) -> Param:
    return Param(None, type=["null", "number"], exclusiveMinimum=0, title=title, description=description)
