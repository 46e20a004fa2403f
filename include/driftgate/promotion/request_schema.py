"""Whether a candidate understands what the champion's callers send."""

from typing import TYPE_CHECKING

from driftgate.errors import PromotionRefused
from driftgate.registry import load_signature

if TYPE_CHECKING:
    from driftgate.models import Signature


def require_same_requests(use_case_name: str, version: str, champion: str) -> None:
    """Return when every request that the champion takes is one that the candidate takes too.

    :raises PromotionRefused: it is not, so the candidate would answer nobody's requests
    """
    theirs, own = (load_signature(use_case_name, one).request for one in (champion, version))
    if problems := _problems(own, theirs):
        raise PromotionRefused(
            f"Version {version} of {use_case_name} does not take the requests of version {champion}: "
            f"{', '.join(problems)}; train it on the fields that callers send, or change them and it together with the "
            "strategy all_at_once."
        )


def _problems(own: "Signature", theirs: "Signature") -> list[str]:
    sent, taken = ({column.name: column for column in signature.columns} for signature in (theirs, own))
    problems = [f"nobody sends {name!r}" for name in taken if name not in sent]
    problems += [f"it does not know {name!r}" for name in sent if name not in taken]
    for name in taken.keys() & sent.keys():
        if taken[name].type != sent[name].type:
            problems.append(f"{name!r} is {sent[name].type} and it takes {taken[name].type}")
        elif sent[name].nullable and not taken[name].nullable:
            problems.append(f"{name!r} may be null, which it does not take")
    return sorted(problems)
