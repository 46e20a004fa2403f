"""The prediction endpoint: answers requests with the variants that the deployment state names, and captures them.

``python -m driftgate.endpoint`` starts it.
"""
