"""The one plugin file. In the scheduler it loads the heavy libraries once, so that every task forks with them loaded.

``import great_expectations`` takes 2.3 s of CPU, LightGBM 1 s. LocalExecutor forks its workers, and they
their tasks, from the scheduler: loaded there, they cost a task nothing. See docs/adr/0008.
"""

import sys

from airflow.plugins_manager import AirflowPlugin


class DriftgatePlugin(AirflowPlugin):
    """Registers Driftgate with Airflow."""

    name = "driftgate"


if "scheduler" in sys.argv:
    from driftgate_airflow.preload import preload

    preload()
