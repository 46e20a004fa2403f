"""Rows that were made up prove nothing: no candidate is judged on them."""

from driftgate.contracts.catalog import load_contract
from driftgate.errors import NotPermitted
from driftgate.use_cases import UseCase


def require_real(use_case: UseCase) -> None:
    """Return when the requests and outcomes of a use case are real.

    :raises NotPermitted: the contract of its first dataset says that the rows are synthetic
    """
    dataset = use_case.datasets[0]
    if load_contract(dataset).synthetic:
        raise NotPermitted(
            f"The contract {dataset!r} says 'synthetic: true', and rows that were made up are no holdout: no candidate "
            f"of {use_case.name} is judged on them. Take a dataset of real outcomes as the first of 'datasets'; what "
            "rare cases ask can be made up in edge_cases.yaml."
        )
