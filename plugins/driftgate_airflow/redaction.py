"""Personal values never reach a task's log: installed in the process of the task, before it begins.

A task logs on two ways: operators through structlog, libraries and the domain through ``logging``. Airflow has no place
for a processor of ours, so one is put into its chain, before the last one, which writes.
"""

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

OURS = "driftgate_redaction"  # marks what is installed already
AIRFLOWS = frozenset({"timestamp", "level", "logger", "loc", "filename", "lineno"})  # never a value of ours


def install_redaction() -> None:
    """Redact whatever this process logs from now on; installing again changes nothing."""
    from driftgate.governance.redaction import redactor

    redactor()  # reads the contracts now, and not at the first line
    processors = structlog.get_config()["processors"]
    if not any(hasattr(processor, OURS) for processor in processors):
        processors.insert(len(processors) - 1, _processor())  # in place: loggers that exist hold this very list
    for handler in logging.getLogger().handlers:
        if not any(hasattr(rule, OURS) for rule in handler.filters):
            handler.addFilter(_filter())


def _processor() -> Any:
    from driftgate.governance.redaction import redactor

    def process(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        redact = redactor()
        if event.get("exc_info"):
            event = structlog.processors.format_exc_info(logger, method, event)
        for key, value in event.items():
            if key not in AIRFLOWS:
                event[key] = _redacted(value, redact)
        return event

    setattr(process, OURS, True)
    return process


def _filter() -> Any:
    from driftgate.governance.redaction import redactor

    def rewrite(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        record.msg, record.args, record.exc_info, record.exc_text = redactor()(text), None, None, None
        return True

    setattr(rewrite, OURS, True)
    return rewrite


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, redact) for item in value]
    return value
