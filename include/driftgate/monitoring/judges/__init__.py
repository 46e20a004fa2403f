"""What each monitor asks of a night: pure functions from a ``Night`` to ``Evidence``, and what only they need."""
