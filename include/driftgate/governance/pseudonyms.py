"""Values that stand for personal ones in a development sample: of the same type, and of no person.

What a contract's rules need stays so: equal values stay equal where they are keys (with the project's secret key, so
that nobody without it can try values out), a text with a pattern keeps its shape, a listed value stays a listed one.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from driftgate.contracts import Column, Contract

if TYPE_CHECKING:
    import pyarrow as pa

How = Literal[
    "as published", "free text redacted", "dealt out anew", "keyed shape", "keyed hash", "invented", "left out"
]
KEYED: tuple[How, ...] = ("keyed shape", "keyed hash")


def replacement(contract: Contract, column: Column) -> How:
    """Return what a sample has in place of the values of ``column``."""
    kinds = {rule.kind for rule in contract.rules if column.name in rule.columns}
    is_text = column.type == "string"
    if column.treatment == "drop":
        return "left out"
    if column.treatment != "keep":
        return (
            "as published" if is_text else "keyed hash"
        )  # the hash of a number is text, and the source delivers numbers
    if column.name not in contract.masked:
        return "free text redacted" if is_text and not kinds - {"nulls"} else "as published"
    if "values" in kinds or column.type == "bool":
        return "dealt out anew"
    if is_text:
        return "keyed shape" if "pattern" in kinds else "keyed hash"
    return "keyed hash" if column.type.startswith("int") and kinds & {"unique", "reference"} else "invented"


def replaced(values: "pa.Array", kind: "pa.DataType", how: How, key: bytes, random: np.random.Generator) -> "pa.Array":
    """Return as many values of the type ``kind``; what is missing stays missing."""
    import pyarrow as pa

    if how == "left out":
        return pa.nulls(len(values), kind)
    if how == "as published":
        return values
    if how == "invented":
        return _invented(values, kind, random)
    known = values.drop_null().to_pylist()
    made = iter(_made(known, kind, how, key, random))
    return pa.array([next(made) if valid else None for valid in values.is_valid().to_pylist()], kind)


def _made(known: list[Any], kind: "pa.DataType", how: How, key: bytes, random: np.random.Generator) -> Iterable[Any]:
    import pyarrow as pa

    if how == "dealt out anew":
        return [known[place] for place in random.permutation(len(known))]
    if how == "free text redacted":
        from driftgate.governance.redaction import redactor

        return map(redactor(), known)
    if how == "keyed shape":
        return (_of_shape(value, key) for value in known)
    make: Callable[[bytes], Any] = bytes.hex if pa.types.is_string(kind) else _positive(kind.bit_width)
    return (make(_digest(value, key)[:16]) for value in known)


def _digest(value: Any, key: bytes) -> bytes:
    return hmac.digest(key, str(value).encode(), "sha256")


def _positive(bits: int) -> Callable[[bytes], int]:
    return lambda digest: int.from_bytes(digest[:8]) % 2 ** (bits - 1)


def _of_shape(value: str, key: bytes) -> str:
    """Return a text with a digit for each digit and a letter for each letter; everything else stays."""
    stream = hashlib.shake_256(_digest(value, key)).digest(2 * len(value))
    numbers = (int.from_bytes(stream[place : place + 2]) for place in range(0, len(stream), 2))
    return "".join(map(_like, value, numbers))


def _like(sign: str, number: int) -> str:
    if sign.isdigit():
        return str(number % 10)
    if not sign.isalpha():
        return sign
    return chr(ord("A" if sign.isupper() else "a") + number % 26)


def _invented(values: "pa.Array", kind: "pa.DataType", random: np.random.Generator) -> "pa.Array":
    """Return numbers or times that lie between those of the sample, and so are distributed like them."""
    import pyarrow as pa

    whole = not pa.types.is_floating(kind)
    numbers = values if not whole else values.cast(pa.int64() if kind.bit_width == 64 else pa.int32())
    known = np.sort(numbers.drop_null().to_numpy(zero_copy_only=False).astype(np.float64))
    if not len(known):
        return values
    between = np.interp(random.uniform(0, len(known) - 1, len(values)), np.arange(len(known)), known)
    made = pa.array(between.round().astype(np.int64) if whole else between, mask=~np.asarray(values.is_valid()))
    return made.cast(numbers.type).cast(kind)
