"""``python -m local_aws``: serve on a free port of loopback, say which, and end when standard input closes."""

import json
import os
import shutil
import sys
import tempfile
import threading

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local_aws import batch_jobs, batch_service, ecs_tasks, in_turn, processes, sagemaker_endpoints
from local_aws.app import App


class Quiet(MotoRequestHandler):  # type: ignore[misc]
    """Handles requests without a line for each."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until whoever started this is gone; no process that a job started is left behind."""
    os.environ["LOCAL_AWS_WORK"] = tempfile.mkdtemp(prefix="local-aws-")
    for module in (batch_jobs, batch_service, ecs_tasks, in_turn, sagemaker_endpoints):
        module.install()
    server = make_server("127.0.0.1", 0, App(), threaded=True, request_handler=Quiet)
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}"  # what containers see
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(json.dumps({"url": os.environ["AWS_ENDPOINT_URL"]}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    processes.kill_all()
    shutil.rmtree(processes.work_folder(), ignore_errors=True)
    os._exit(0)  # threads of jobs that wait for capacity


if __name__ == "__main__":
    main()
