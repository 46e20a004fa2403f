"""What we run on tells nobody that it runs: no switch is set by hand, and still no host outside is asked for."""

import json
import os
import subprocess
import sys

from driftgate.lake import lake, publish

SWITCHES = ("GX_ANALYTICS_ENABLED", "DVC_NO_ANALYTICS", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")

LISTEN = """
import json, socket, time
asked = []
def refuse(host, *_, **__):
    asked.append(str(host[0] if isinstance(host, tuple) else host))
    raise OSError("no network in this test")
socket.getaddrinfo = socket.create_connection = refuse
from driftgate.contracts import publish_partition, validate_partition
from driftgate.profiles import profile_partition
from driftgate.registry import tracking
validate_partition("rides", "2013-04-01")
publish_partition("rides", "2013-04-01")
profile_partition("rides", "2013-04-01")
tracking._client()
from driftgate.datasets import list_versions
list_versions("fares")
time.sleep(1)  # telemetry is sent by threads
unasked = list(asked)
import contextlib, urllib.request
with contextlib.suppress(OSError):
    urllib.request.urlopen("http://outside.example/")  # the trap itself must work
print(json.dumps([unasked, asked]))
"""


def test_no_outside_host_is_asked_for(project, rides):
    publish(lake(), "raw/rides/2013-04-01", rides("2013-04-01", "a@example.com"), contract="rides@1.0.0")
    environment = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    done = subprocess.run([sys.executable, "-c", LISTEN], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [[], ["outside.example"]]
