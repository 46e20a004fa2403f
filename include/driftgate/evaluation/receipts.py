"""Signed receipts: what a gate saw and said of a candidate. No traffic moves without the whole set of them.

Evaluation leaves one for each gate and one, ``evaluation``, for its report, which names all the gates; so a gate whose
receipt is gone is missed, and a report that no longer names it is not the one that was signed.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.errors import ConfigError, DriftgateError, PromotionRefused
from driftgate.evaluation.report import EvaluationReport, Verdict, read_report
from driftgate.lake import lake
from driftgate.lineage.code import code_revision
from driftgate.partition_keys import parse_key
from driftgate.records import Record, canonical_json, sha256
from driftgate.signing import Signature, sign, verify
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from driftgate.registry import ModelVersion

PURPOSE = "receipt"
EVALUATION = "evaluation"
WORST_FIRST: tuple[Verdict, ...] = ("fail", "insufficient_data", "waived", "pass")
# What makes another evaluation: the sections that the gates read, and which examiners there are.
POLICY = ("gates", "validation", "metric", "fairness", "explain")
NO_GATE = {"receipts_valid_days", "accept_insufficient_data"}  # read when traffic moves, not when a gate judges


class Receipt(Record):
    """What one gate said of one candidate, from what, by which code, and where it can be read.

    ``inputs`` are names or hashes; ``as_of`` is the last day whose rows it saw; ``evidence`` is a path in the lake.
    """

    schema_version: int = 1
    use_case: str
    subject: str  # the job whose candidate it is
    model_sha256: str
    gate: str
    verdict: Verdict
    as_of: str
    inputs: dict[str, str]
    policy_sha256: str
    code_revision: str
    code_dirty: bool | None
    evidence: str
    evidence_sha256: str


class SignedReceipt(Record):
    """A receipt as it lies in the lake."""

    receipt: Receipt
    signature: Signature


def write_receipts(use_case: UseCase, report: EvaluationReport) -> None:
    """Leave the receipts of an evaluation whose report was just written: one for each gate, and one for the report."""
    worst: dict[str, Verdict] = {EVALUATION: "pass" if report.passed else "fail"}
    for gate in report.gates:
        worst[gate.gate] = min(gate.verdict, worst.get(gate.gate, "pass"), key=WORST_FIRST.index)
    inputs = {"dataset_version": report.dataset_version, "champion": report.champion or "none"}
    evidence = uris.evaluation_report(report.use_case, report.model_id)
    for name, verdict in worst.items():
        write_receipt(
            use_case,
            name,
            subject=report.model_id,
            model_sha256=report.model_sha256,
            verdict=verdict,
            as_of=report.last_day,
            inputs=inputs,
            evidence=evidence,
        )


def write_receipt(
    use_case: UseCase,
    gate: str,
    *,
    subject: str,
    model_sha256: str,
    verdict: Verdict,
    as_of: str,
    inputs: dict[str, str],
    evidence: str,
) -> Receipt:
    """Sign what a gate said, also one that judges later than the evaluation, and put it into the lake.

    :param subject: the job whose candidate it is about
    :param as_of: the last day (partition key) whose rows the gate saw
    :param inputs: names or sha256 of what it judged from
    :param evidence: the path in the lake of what it wrote, which must be there
    """
    code = code_revision()
    receipt = Receipt(
        use_case=use_case.name,
        subject=subject,
        model_sha256=model_sha256,
        gate=gate,
        verdict=verdict,
        as_of=as_of,
        inputs=inputs,
        policy_sha256=policy_sha256(use_case),
        code_revision=code.revision,
        code_dirty=code.dirty,
        evidence=evidence,
        evidence_sha256=sha256(lake().read(evidence)),
    )
    signed = SignedReceipt(receipt=receipt, signature=sign(PURPOSE, receipt.canonical()))
    lake().write(uris.gate_receipt(use_case.name, subject, gate), signed.canonical())
    return receipt


def require_receipts(use_case: UseCase, model: "ModelVersion", *, further: Sequence[str] = ()) -> tuple[Receipt, ...]:
    """Return the receipts of a version when they allow it traffic: the whole set, unaltered, of today's policy, fresh.

    :param further: gates beside those of the evaluation whose receipts are asked for too, such as ``approval``
    :raises PromotionRefused: one is missing, altered or stale, or does not say that the candidate may go on
    """
    return require_receipts_of_job(use_case, model.job_id, model.model_sha256, version=model.version, further=further)


def require_receipts_of_job(
    use_case: UseCase, job_id: str, model_sha256: str, *, version: str | None = None, further: Sequence[str] = ()
) -> tuple[Receipt, ...]:
    """Do what :func:`require_receipts` does for a candidate that may have no version yet."""
    check = _Check(use_case, job_id, model_sha256, version)
    receipts = [check.receipt(EVALUATION)]  # proves that the report, which names the others, is the one that was signed
    gates = {gate.gate for gate in read_report(use_case.name, job_id).gates}
    return tuple(receipts + [check.receipt(gate) for gate in sorted(gates | set(further))])


def policy_sha256(use_case: UseCase) -> str:
    """Return the hash of what the use case demands of a candidate; a default that is written out changes nothing."""
    from driftgate.evaluation.evaluate import EXAMINERS

    asked = use_case.model_dump(mode="json", include=set(POLICY), exclude={"gates": NO_GATE}, exclude_defaults=True)
    train = use_case.train.model_dump(mode="json", include={"baselines", "min_uplift"})
    return sha256(canonical_json([asked, train, [examine.__name__ for examine in EXAMINERS]]))


class _Check:
    """Looks at the receipts of one candidate."""

    def __init__(self, use_case: UseCase, job_id: str, model_sha256: str, version: str | None) -> None:
        self.use_case, self.job_id, self.model_sha256 = use_case, job_id, model_sha256
        self.policy = policy_sha256(use_case)
        self.newest = newest_partition(use_case.datasets[0])
        self.champion = _other_champion(use_case, version)
        self.evidence: dict[str, str | None] = {}

    def receipt(self, gate: str) -> Receipt:
        """Return the receipt of one gate when it allows traffic."""
        receipt = self._signed(gate)
        for problem in self._problems(receipt, gate):
            raise PromotionRefused(
                f"The receipt of the gate {gate!r} for job {self.job_id} of {self.use_case.name} {problem}."
            )
        return receipt

    def _signed(self, gate: str) -> Receipt:
        path = uris.gate_receipt(self.use_case.name, self.job_id, gate)
        where = lake().uri(path)
        try:
            signed = _parsed(lake().read(path))
            verify(PURPOSE, signed.receipt.canonical(), signed.signature, what=where)
        except FileNotFoundError:
            raise PromotionRefused(
                f"The receipt of the gate {gate!r} is missing at {where}, so no traffic moves; evaluate job "
                f"{self.job_id} of {self.use_case.name} again."
            ) from None
        except ConfigError:  # of our own keys: nothing was altered
            raise
        except (ValueError, DriftgateError) as error:
            reason = error if isinstance(error, DriftgateError) else f"{where} is no receipt."
            raise PromotionRefused(
                f"The receipt of the gate {gate!r} was altered, so no traffic moves. {reason} Or evaluate job "
                f"{self.job_id} of {self.use_case.name} again."
            ) from None
        return signed.receipt

    def _problems(self, receipt: Receipt, gate: str) -> Iterable[str]:
        about = (receipt.use_case, receipt.subject, receipt.gate)
        if about != (self.use_case.name, self.job_id, gate):
            yield f"is one of {'/'.join(about)}: it was put in another's place; evaluate again"
        if receipt.model_sha256 != self.model_sha256:
            yield f"is about another model ({receipt.model_sha256[:12]}, not {self.model_sha256[:12]}); evaluate again"
        if receipt.policy_sha256 != self.policy:
            yield "was written under another policy than use_case.yaml has now; evaluate again"
        if self._evidence(receipt.evidence) != receipt.evidence_sha256:
            yield f"does not belong to {lake().uri(receipt.evidence)}, which was changed or is gone; evaluate again"
        if receipt.verdict not in self._enough:
            yield f"says {receipt.verdict}, which moves no traffic; see {lake().uri(receipt.evidence)}"
        yield from self._stale(receipt)

    def _stale(self, receipt: Receipt) -> Iterable[str]:
        judged_against, serving = receipt.inputs.get("champion"), self.champion
        if judged_against is not None and serving is not None and judged_against != serving:
            yield f"is stale: it judges against champion {judged_against}, and {serving} serves; evaluate again"
        days, valid = (parse_key(self.newest) - parse_key(receipt.as_of)).days if self.newest else 0, self._valid_days
        if days > valid:
            yield (
                f"is stale: it saw rows up to {receipt.as_of}, {days} days before {self.newest}, and is valid for "
                f"{valid}; train and evaluate on newer rows"
            )

    @property
    def _valid_days(self) -> int:
        return self.use_case.gates.receipts_valid_days

    @property
    def _enough(self) -> tuple[Verdict, ...]:
        accepts = self.use_case.gates.accept_insufficient_data
        return ("pass", "waived", "insufficient_data") if accepts else ("pass", "waived")

    def _evidence(self, path: str) -> str | None:
        if path not in self.evidence:
            try:
                self.evidence[path] = sha256(lake().read(path))
            except FileNotFoundError:
                self.evidence[path] = None
        return self.evidence[path]


def _parsed(raw: bytes) -> SignedReceipt:
    signed = SignedReceipt.model_validate_json(raw)
    if signed.canonical() != raw:
        raise ValueError("not as it was written")
    return signed


def newest_partition(dataset: str) -> str | None:
    """Return the key of the newest published partition of a dataset, None before the first one."""
    from driftgate.lake.manifest import POINTER

    keys = [path.split("/")[2] for path in lake().list(f"validated/{dataset}") if path.endswith(f"/{POINTER}")]
    return max(keys, default=None)


def _other_champion(use_case: UseCase, version: str | None) -> str | None:
    """Return which champion a candidate must have been judged against; None where it does not matter.

    It does not of a candidate without a version, which gets no traffic yet, nor of the champion, which is past that.
    """
    from driftgate.registry.aliases import champion_version  # the registry keeps our reports, so it imports this room

    serving = champion_version(use_case.name)
    return None if version is None or serving == version else serving or "none"
