"""Testing a dataset version when it is made, or before a change of data is merged: its contracts, and a fixed model."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from driftgate import uris
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.contracts import Contract, judge_again, load_contract, read_report
from driftgate.datasets import DatasetVersion, version_files
from driftgate.errors import CannotJudge, ConfigError, ContractBroken, DriftgateError, SourceMissing
from driftgate.evaluation.dataset_check import ContractCheck, DatasetCheck, FixedModelScore, fixed_model_scores
from driftgate.lake import lake
from driftgate.registry import ModelVersion, champion
from driftgate.use_cases import UseCase
from driftgate.validation_report import ValidationReport

READERS = 16  # at once: on S3, reading is mostly waiting
SHOWN = 3  # partitions named in a sentence


def check_version(use_case: UseCase, version: DatasetVersion) -> DatasetCheck:
    """Test a dataset version, write the record beside it and return it.

    Its partitions are judged by the contracts of today, and the champion is evaluated on its rows.

    :raises Tampered: a file of the version or of the champion's package was changed
    """
    model = champion(use_case.name)
    contracts = tuple(_contract_check(name, version) for name in use_case.datasets)
    scores, reason = _scores(use_case, model, version)
    wrong = [*_broken(contracts), *(one.sentence for one in scores if one.verdict == "fails")]
    open_ = [*([reason] if reason else []), *_unjudged(contracts)]
    told = wrong or open_ or [one.sentence for one in scores]
    made = DatasetCheck(
        use_case=use_case.name,
        dataset_version=version.name,
        dataset_sha256=version.hash,
        champion=model.version if model else None,
        model_sha256=model.model_sha256 if model else None,
        contracts=contracts,
        scores=scores,
        verdict="fails" if wrong else "cannot_judge" if open_ else "holds",
        sentence=" ".join(told),
    )
    lake().write(uris.dataset_check(version.name), made.canonical())
    return made


def tell(made: DatasetCheck) -> None:
    """Raise an alarm about a version that failed, and end it for one that holds."""
    if made.verdict == "fails":
        sentence = f"{made.dataset_version}: {made.sentence}"
        raise_alarm("data_change", made.dataset_version, sentence, use_case=made.use_case, evidence=made.hash)
    elif made.verdict == "holds":
        clear_alarm("data_change", made.dataset_version, made.sentence)


def _scores(
    use_case: UseCase, model: ModelVersion | None, version: DatasetVersion
) -> tuple[tuple[FixedModelScore, ...], str | None]:
    """Return what the champion comes to, or why that cannot be said."""
    import pyarrow.parquet as pq

    if model is None:
        return (), f"{use_case.name} has no champion yet, so no model is held against {version.name}."
    rows = pq.read_table(version_files(version.name) / "rows.parquet")
    try:
        return fixed_model_scores(use_case, model, rows), None
    except (CannotJudge, ConfigError) as problem:  # a ConfigError: its features are other ones now
        return (), str(problem)


def _contract_check(dataset: str, version: DatasetVersion) -> ContractCheck:
    contract, zone = load_contract(dataset), uris.partition("validated", dataset, "")
    keys = sorted(path.removeprefix(zone) for path in version.sources if path.startswith(zone))
    with ThreadPoolExecutor(READERS) as pool:
        reports = dict(zip(keys, pool.map(lambda key: _report(contract, key), keys), strict=True))
    broken, unjudged = {}, {}
    for key, found in reports.items():
        try:
            report = found or judge_again(dataset, key)
        except (SourceMissing, ContractBroken) as reason:
            unjudged[key] = str(reason)
            continue
        if report.critical:
            broken[key] = report.critical
    return ContractCheck(
        dataset=dataset, contract=contract.label, partitions=len(keys), broken=broken, unjudged=unjudged
    )


def _report(contract: Contract, key: str) -> ValidationReport | None:
    """Return the report of the ingestion, which is what this contract says; None where another one was asked."""
    try:
        report = read_report(contract.name, key)
    except DriftgateError:  # of an earlier version of Driftgate
        return None
    return report if report and report.contract_sha256 == contract.hash else None


def _broken(contracts: Iterable[ContractCheck]) -> list[str]:
    return [
        f"{len(one.broken)} of {one.partitions} partitions break {one.contract}: "
        + "; ".join(f"{key} {', '.join(rules)}" for key, rules in list(one.broken.items())[:SHOWN])
        + "."
        for one in contracts
        if one.broken
    ]


def _unjudged(contracts: Iterable[ContractCheck]) -> list[str]:
    return [
        f"{len(one.unjudged)} of {one.partitions} partitions could not be judged by {one.contract}: "
        + next(iter(one.unjudged.values()))
        for one in contracts
        if one.unjudged
    ]
