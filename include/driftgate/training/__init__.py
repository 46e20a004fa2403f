"""Training: what is asked of a training job, and the program that does it on any backend."""

from driftgate.training.spec import job_id, training_spec

__all__ = ["job_id", "training_spec"]
