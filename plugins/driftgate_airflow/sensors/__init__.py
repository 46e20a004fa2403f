"""The drift sensor: the gate in front of every retraining."""
