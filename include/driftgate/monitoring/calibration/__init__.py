"""How far a night may lie from the training days before it is an alarm of a known price."""
