"""onnxruntime's session of a model, one in each process."""

import os
import threading
from typing import TYPE_CHECKING

from driftgate.errors import Tampered

if TYPE_CHECKING:
    import onnxruntime


class ProcessSession:
    """Gives each process a session of its own: one made before a fork would wait for threads that are not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._process: int | None = None

    def get(self) -> "onnxruntime.InferenceSession":
        """Return this process's session.

        :raises Tampered: onnxruntime cannot load the model
        """
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._open = _opened(self._data)
                    self._process = os.getpid()
        return self._open


def _opened(data: bytes) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # as LightGBM: the cores are for other requests
    options.log_severity_level = 4  # what is wrong is raised, and said once
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # onnxruntime's errors have no common class but this one
        cause = " ".join(str(error).split())[:200]
        raise Tampered(f"model.onnx cannot be loaded ({cause}); train it again.") from None
