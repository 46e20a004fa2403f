"""One operator per file, each a thin adapter between Airflow and one call of the domain."""
