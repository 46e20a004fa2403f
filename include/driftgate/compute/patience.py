"""How long a job may take on its compute target and those after it, all waiting and all attempts together."""

from driftgate.compute.targets import Target, find_target

# Of a service's queue without a limit of its own: a job that waits for ever must not look like one that works.
QUEUE_MINUTES = 24 * 60.0
STARTING_MINUTES = 5.0  # of one attempt: a machine, an image, a process


def patience_minutes(name: str) -> float:
    """Return after how many minutes a job that was submitted to the target ``name`` is late, wherever it is.

    :raises ConfigError: there is no such target, or one of those after it is unknown
    """
    first = find_target(name)
    return sum(_minutes(target) for target in (first, *map(find_target, first.then)))


def _minutes(target: Target) -> float:
    running = target.host_loss_attempts * (target.timeout_minutes + STARTING_MINUTES)
    if target.spot and target.max_wait_minutes:
        return target.max_wait_minutes
    unlimited = 0.0 if target.backend == "local" else QUEUE_MINUTES
    return running + (unlimited if target.max_queue_minutes is None else target.max_queue_minutes)
