"""The one plugin file: pages of the lake in Airflow's UI, and libraries loaded before tasks fork.

``import great_expectations`` takes 2.3 s of CPU, LightGBM 1 s. LocalExecutor forks its workers, and they
their tasks, from the scheduler: loaded there, they cost a task nothing. See docs/adr/0008.
"""

import sys

from airflow.plugins_manager import AirflowPlugin

from driftgate import uris
from driftgate_airflow.ui import serve
from driftgate_airflow.ui.addresses import PREFIX, page_url


class DriftgatePlugin(AirflowPlugin):
    """Registers Driftgate with Airflow."""

    name = "driftgate"
    fastapi_apps = [{"name": "Driftgate's reports", "app": serve, "url_prefix": PREFIX}]
    external_views = [
        {
            "name": "Catalogue",
            "href": page_url(uris.catalog()),
            "destination": "nav",
            "url_route": "catalogue",
        },
        {
            "name": "Models",
            "href": page_url(uris.model_status()),
            "destination": "nav",
            "url_route": "models",
        },
        {
            "name": "Alarms",
            "href": page_url(uris.alarms()),
            "destination": "nav",
            "url_route": "alarms",
        },
    ]


if "scheduler" in sys.argv:
    from driftgate_airflow.preload import preload

    preload()
