"""The source `cab`."""

from driftgate_airflow.lifecycle import ingest

ingest("cab", owner="taxis", runbook=__doc__)
