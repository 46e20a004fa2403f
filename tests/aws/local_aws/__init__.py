"""AWS on this machine: moto's server, whose Batch jobs and ECS tasks run as real processes. ``python -m local_aws``."""
