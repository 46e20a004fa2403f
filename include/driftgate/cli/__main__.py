"""``python -m driftgate.cli`` is the command ``driftgate`` where no script is installed, as in our image."""

from driftgate.cli import app

app(prog_name="driftgate")
