"""Whether a version answers where it serves as it did where it was registered, and is fast and small enough there.

The endpoint scores the golden set of every package that it loads. Its word is held against the limits of the use case,
and the environment that it serves in against the one that trained.
"""

from driftgate import uris
from driftgate.errors import CannotJudge, PromotionRefused
from driftgate.evaluation.golden import GOLDEN, Golden
from driftgate.evaluation.golden_check import GoldenCheck
from driftgate.evaluation.receipts import write_receipt
from driftgate.evaluation.report import GateResult, Verdict
from driftgate.fingerprint import Fingerprint, allowed_skew, differences
from driftgate.lake import lake
from driftgate.promotion.served import reported
from driftgate.records import Record
from driftgate.registry import ModelVersion, find_model, load_checked_package
from driftgate.use_cases import UseCase


class SkewCheck(Record):
    """What came of one comparison; ``here`` is what the environment that asked made of the same golden set.

    ``differences`` are those of the environments that trained and serve, ``allowed`` the reasons for those that may be.
    """

    schema_version: int = 1
    use_case: str
    version: str
    package_sha256: str
    trained_in: Fingerprint | None
    endpoint: GoldenCheck | None  # None where it does not tell, as SageMaker
    here: GoldenCheck
    differences: dict[str, str]
    allowed: dict[str, str]
    gates: tuple[GateResult, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What each gate that failed found."""
        return tuple(gate.sentence for gate in self.gates if gate.verdict == "fail")


def skew_gates(use_case: UseCase) -> tuple[str, ...]:
    """Return the gates whose receipts a candidate needs before it answers anybody."""
    return ("environment", "skew", *(["serving"] if use_case.gates.serving else []))


def check_skew(use_case: UseCase, version: str, *, name: str = "promotion") -> SkewCheck:
    """Compare what the endpoint made of the golden set with what was expected, and keep the report.

    :param name: of the report: ``promotion``, or the day of a check that nobody asked for
    :raises CannotJudge: the version was registered without a golden set
    :raises PromotionRefused: the endpoint does not serve it
    :raises Skewed: it answers otherwise already where this is asked
    :raises EndpointSilent: the endpoint does not answer
    """
    package = load_checked_package(use_case.name, version)
    golden, here = package.golden, package.checked
    if golden is None or here is None:
        raise CannotJudge(
            f"Version {version} of {use_case.name} was registered without a golden set, so nobody can tell whether it "
            "answers alike everywhere; train and register it anew."
        )
    endpoint = _of_endpoint(use_case.name, version)
    found = differences(golden.trained_in, endpoint.environment) if golden.trained_in and endpoint else {}
    allowed = {field: reason for field, reason in allowed_skew().items() if field in found}
    check = SkewCheck(
        use_case=use_case.name,
        version=version,
        package_sha256=package.model.package_hash,
        trained_in=golden.trained_in,
        endpoint=endpoint,
        here=here,
        differences=found,
        allowed=allowed,
        gates=_gates(use_case, golden, endpoint, {name: found[name] for name in found if name not in allowed}),
    )
    lake().write(uris.skew_report(use_case.name, version, name), check.canonical())
    return check


def require_no_skew(use_case: UseCase, version: str) -> SkewCheck:
    """Check a candidate and leave its receipts.

    :raises PromotionRefused: a gate did not pass
    """
    check, model = check_skew(use_case, version), find_model(use_case.name, version)
    for gate in check.gates:
        _write_receipt(use_case, model, gate.gate, gate.verdict)
    if check.problems:
        raise PromotionRefused(f"Version {version} of {use_case.name} may not go on: {' '.join(check.problems)}")
    return check


def _write_receipt(use_case: UseCase, model: ModelVersion, gate: str, verdict: Verdict) -> None:
    write_receipt(
        use_case,
        gate,
        subject=model.job_id,
        model_sha256=model.model_sha256,
        verdict=verdict,
        as_of=model.dataset_version.rpartition("/")[2][: len("2013-03-31")],
        inputs={"package": model.package_hash, "golden": model.files[GOLDEN].sha256},
        evidence=uris.skew_report(use_case.name, model.version, "promotion"),
    )


def _of_endpoint(use_case_name: str, version: str) -> GoldenCheck | None:
    found = reported(use_case_name)
    if found.golden is None:
        return None
    if version not in found.golden:
        raise PromotionRefused(
            f"The endpoint does not say what version {version} of {use_case_name} made of its golden set: "
            f"{found.problem or 'it does not serve it'}."
        )
    return found.golden[version]


def _gates(
    use_case: UseCase, golden: Golden, found: GoldenCheck | None, differing: dict[str, str]
) -> tuple[GateResult, ...]:
    limits, serving, metric = use_case.gates.skew, use_case.gates.serving, use_case.metric.primary
    if found is None:
        told = "The endpoint does not tell what it made of the golden set; it loads nothing that answers it otherwise."
        return tuple(_gate(name, metric, None, 1.0, "insufficient_data", told) for name in skew_gates(use_case))
    skew = {
        "the largest difference of an answer": (found.max_difference, found.tolerance),
        "the difference of the metric": (found.metric_difference or 0.0, limits.max_metric_difference),
        "Kolmogorov-Smirnov": (found.kolmogorov_smirnov, limits.max_kolmogorov_smirnov),
    }
    gates = (_environment(golden, differing), _worst("skew", metric, skew))
    if serving is None:
        return gates
    measured = {
        "ms at the 95th percentile": (found.latency_p95_ms, serving.max_latency_p95_ms),
        "MB of the model": (found.model_mb, serving.max_model_mb),
        "seconds to load": (found.load_seconds, serving.max_load_seconds),
    }
    return (*gates, _worst("serving", metric, measured))


def _environment(golden: Golden, differing: dict[str, str]) -> GateResult:
    told = "; ".join(f"{name} {change}" for name, change in differing.items())
    sentence = "The endpoint runs on and with what trained the model, as far as that matters."
    if golden.trained_in is None:
        sentence = "Nobody noted what the model was trained on and with; train it anew."
    elif differing:
        sentence = f"Training and serving differ in {told}; align them, or allow it in include/allowed_skew.yaml."
    failed = golden.trained_in is None or bool(differing)
    return _gate("environment", "differences", float(len(differing)), 0.0, "fail" if failed else "pass", sentence)


def _worst(gate: str, metric: str, measured: dict[str, tuple[float, float]]) -> GateResult:
    """Return the gate on several measures: its value is the largest share of a limit that is used."""
    shares = {name: value / limit if limit else float(value > 0) * 2 for name, (value, limit) in measured.items()}
    told = ", ".join(f"{name} {value:.4g} (limit {limit:g})" for name, (value, limit) in measured.items())
    share = max(shares.values())
    return _gate(gate, metric, round(share, 6), 1.0, "fail" if share > 1 else "pass", f"On the golden set: {told}.")


def _gate(gate: str, metric: str, value: float | None, threshold: float, verdict: Verdict, sentence: str) -> GateResult:
    return GateResult(
        gate=gate,
        metric=metric,
        value=value,
        interval=None,
        threshold=threshold,
        verdict=verdict,
        sentence=sentence,
    )
