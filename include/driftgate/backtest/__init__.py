"""The backtest: what each of several policies would have done in past nights, by the code that runs at night."""
