"""The error type decides the retry: what trying again cannot heal fails the task at once, with its sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException

from driftgate.errors import DriftgateError


@contextmanager
def fail_at_once() -> Iterator[None]:
    """Turn a :class:`DriftgateError` into Airflow's error that is never retried; let everything else through."""
    try:
        yield
    except DriftgateError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None
