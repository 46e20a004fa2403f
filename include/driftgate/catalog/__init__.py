"""The catalogue: what data and features there are, what they mean, how good and how fresh they are, and who uses them."""
