"""
## The project

One run looks after all datasets, features and models of this project. What is kept how long is in
`include/governance/data_classes.yaml` and in the contracts.

**Who to ask:** network operations, network-ops@example.com.
"""

from driftgate_airflow.lifecycle import maintenance, sweep

maintenance(owner="network-operations", runbook=__doc__)
sweep(owner="network-operations", runbook=__doc__)
