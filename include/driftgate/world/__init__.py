"""The outside world of a laptop: starts and stops the processes, plays the days, runs the demo."""
