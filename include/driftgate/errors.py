"""The errors a person meets. Each is one sentence: what is wrong, where, and what to do.

DriftgateError          will not heal by trying again: Airflow fails the task at once
├── ConfigError         a YAML file, a setting, an unknown name
├── NotSupported        a setting that the chosen backend cannot honour
├── SourceMissing       the source has no data for this partition
├── SourceBroken        the source's file cannot be read as the contract says
├── ContractBroken      a critical check failed
├── RequestRefused      a prediction request that the model's signature does not allow
├── Tampered            bytes differ from the recorded hash
├── JobFailed           a job ended with an error of its own code
├── PromotionRefused    a move of traffic that the records do not allow
├── Skewed              a model answers otherwise here than where it was registered
└── CannotJudge         too little evidence for a decision
Conflict                someone else moved first; trying again is right, so Airflow retries
SourceUnready           the source cannot be read at this moment; trying again is right, so Airflow retries
EndpointSilent          the endpoint does not say what it serves; trying again is right, so Airflow retries
"""

from collections.abc import Iterable
from difflib import get_close_matches


class DriftgateError(Exception):
    """A sentence for a person; trying again will not help."""


class ConfigError(DriftgateError):
    """A configuration file, setting or name is wrong."""


class NotSupported(DriftgateError):
    """The chosen backend cannot honour this setting."""


class SourceMissing(DriftgateError):
    """The source has no data for this partition."""


class SourceBroken(DriftgateError):
    """The source's data cannot be read as its contract says."""


class NotPermitted(DriftgateError):
    """The contract does not permit this use of the data."""


class ContractBroken(DriftgateError):
    """A critical check failed: the partition must not be published."""


class RequestRefused(DriftgateError):
    """A prediction request does not fit the model's signature."""


class Tampered(DriftgateError):
    """Bytes differ from the hash recorded for them."""


class JobFailed(DriftgateError):
    """A job ended with an error of its own code."""


class PromotionRefused(DriftgateError):
    """The records do not allow this move of traffic."""


class Skewed(DriftgateError):
    """A model answers otherwise here than where it was registered."""


class CannotJudge(DriftgateError):
    """There is too little evidence for a decision."""


class Conflict(Exception):
    """Someone else changed the record first; read it again and retry."""


class SourceUnready(Exception):
    """The source cannot be read at this moment: a file is being written, a database went away."""


class EndpointSilent(Exception):
    """The endpoint does not answer at this moment: it restarts, or was not started."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'? Known: a, b`` for the end of an unknown-name sentence."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    return f"{hint} Known: {', '.join(names) or 'none'}"
