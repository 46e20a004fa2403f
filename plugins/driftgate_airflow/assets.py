"""The assets that connect the DAGs. Every event carries a partition key, never "the latest"."""

from airflow.sdk import Asset


def validated(dataset: str) -> Asset:
    """A partition of ``dataset`` was published to the validated zone."""
    return Asset(name=f"validated/{dataset}", uri=f"driftgate://lake/validated/{dataset}")


def verdict(use_case: str) -> Asset:
    """Monitoring decided about one night of ``use_case``."""
    return Asset(name=f"verdict/{use_case}", uri=f"driftgate://monitoring/verdict/{use_case}")


def candidate(use_case: str) -> Asset:
    """A model version was registered and passed its gates; the event's extra names it."""
    return Asset(name=f"candidate/{use_case}", uri=f"driftgate://registry/candidate/{use_case}")


def champion(use_case: str) -> Asset:
    """The champion of ``use_case`` changed."""
    return Asset(name=f"champion/{use_case}", uri=f"driftgate://registry/champion/{use_case}")
