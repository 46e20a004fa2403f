"""The assets that connect the DAGs. Every event carries a partition key, never "the latest".

They have a name and no URI of a scheme of ours: for one, Airflow loads the asset code of every installed provider,
boto3 among it, whenever a DAG file is parsed.
"""

from airflow.sdk import Asset


def validated(dataset: str) -> Asset:
    """A partition of ``dataset`` was published to the validated zone."""
    return Asset(f"validated/{dataset}")


def verdict(use_case: str) -> Asset:
    """Monitoring decided about one night of ``use_case``."""
    return Asset(f"verdict/{use_case}")


def candidate(use_case: str) -> Asset:
    """A model version was registered and passed its gates; the event's extra names it."""
    return Asset(f"candidate/{use_case}")


def champion(use_case: str) -> Asset:
    """The champion of ``use_case`` changed."""
    return Asset(f"champion/{use_case}")
