"""The tabular network: its parameters, how it is built, learnt, kept and exported. Only ``parameters`` is light."""
