"""Build the catalogue anew."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class CatalogSyncOperator(DriftgateOperator):
    """Describe every dataset, feature and model as they are now, and write the page that people search."""

    activity = "storage"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.catalog import PAGE, sync_catalog
        from driftgate.lake import lake
        from driftgate.lineage import DatasetRef

        catalog = sync_catalog()
        same = [feature.name for feature in catalog.features if feature.duplicates]
        unused = [feature.name for feature in catalog.features if feature.unused]
        for kind, names in (("the same as another", same), ("of no use to the newest models", unused)):
            if names:
                self.log.warning("features that are %s: %s", kind, ", ".join(names))
        return Step(
            summary={
                "datasets": len(catalog.datasets),
                "features": len(catalog.features),
                "models": len(catalog.models),
                "duplicate_features": len(same),
                "unused_features": len(unused),
                "page": lake().uri(PAGE),
            },
            outputs=(DatasetRef(PAGE, catalog.hash),),
        )
