"""Feature reviews: when one is due, what people look at, what they signed, and the retraining that follows."""
