"""Governance: how long data is kept, whose data must go, what is sensitive without anybody having said so."""
