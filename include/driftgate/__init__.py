"""Driftgate's domain: what is true about datasets, models and traffic. Plain Python that never imports Airflow."""

__version__ = "0.1.0"
