"""Experiments: how models compare, what changed between them, and whether more complexity is worth its cost."""
