"""
## The use case `air_time`

*How many minutes will this flight be in the air, as known at its scheduled departure?*

Fuel and gates are planned on the answer: a minute too many costs 15 USD, one too few 40. The DAGs `air_time.monitor`,
`.retrain`, `.promote` and `.rollback` run its life, `.incident` answers when it does harm, `.feature_review` has people
look at its features twice a year. Its policy is in `include/use_cases/air_time/use_case.yaml`.

The answer is a number, so models are compared by RMSE in minutes, and a candidate that is no better than a linear model
is turned away with the status `rejected_no_uplift`: the night's run ends there, and nothing is wrong.

**Who to ask:** network operations, network-ops@example.com.
"""

from datetime import date

from driftgate_airflow.lifecycle import lifecycle

lifecycle("air_time", runbook=__doc__, last_night=date(2013, 12, 31))
