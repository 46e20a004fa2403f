"""What the triggerer waits for: a job's end, enough traffic, tonight's verdict. Each has its own deadline."""
