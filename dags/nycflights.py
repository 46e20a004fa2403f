"""
## The source `nycflights`

Flights out of New York with their outcomes, hourly weather at the three airports, and the aircraft registry.
The operations system drops one Parquet file per dataset and day; on a laptop the world driver plays that part.

**Who to ask:** network operations, network-ops@example.com.
"""

from datetime import date

from driftgate_airflow.lifecycle import ingest

ingest("nycflights", owner="network-operations", runbook=__doc__, last_night=date(2013, 12, 31))
