"""
## The use case `flight_delays`

*Will this flight arrive more than 15 minutes late, as known at its scheduled departure?*

Passengers are rebooked on the answer: a false alarm costs 20 USD, a missed delay 90. The DAGs `flight_delays.monitor`,
`.retrain`, `.promote` and `.rollback` run its life, `.incident` answers when it does harm, `.feature_review` has people
look at its features every quarter. Its policy is in `include/use_cases/flight_delays/use_case.yaml`.

**Who to ask:** network operations, network-ops@example.com.
"""

from datetime import date

from driftgate_airflow.lifecycle import lifecycle

lifecycle("flight_delays", runbook=__doc__, last_night=date(2013, 12, 31))
