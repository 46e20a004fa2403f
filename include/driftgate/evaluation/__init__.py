"""Evaluation: is the candidate better than the baselines and the champion, on which rows, and by how much."""
