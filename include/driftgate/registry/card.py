"""The model card: what a person should know before relying on a version, in Markdown made from records.

Its sections follow Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Iterator, Mapping

from driftgate.compute import JobSpec
from driftgate.datasets import DatasetVersion, LabelCounts
from driftgate.evaluation import EvaluationReport
from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.feature_baseline import FeatureBaseline
from driftgate.evaluation.metrics import COMPARED, LEVEL, METRICS
from driftgate.problems import ErrorCosts
from driftgate.records import sha256
from driftgate.use_cases import UseCase

TOP_FEATURES = 10
FURTHEST = 3  # features whose distance between two splits is named


def model_card(
    use_case: UseCase,
    version: str,
    spec: JobSpec,
    report: EvaluationReport,
    dataset: DatasetVersion,
    features: FeatureBaseline,
    files: Mapping[str, bytes],
) -> str:
    """Return the card of a version as Markdown.

    :param features: what the model's features are worth
    :param files: the other files of its package, which are listed with their hashes
    """
    sections = (
        _head(use_case, version),
        _use(use_case),
        _data(dataset),
        _results(use_case, report),
        _gates(report),
        *_validation(use_case, report),
        _features(features),
        _limits(use_case, spec, report, dataset),
        _origin(spec, files),
    )
    return "\n\n".join(sections) + "\n"


def _head(use_case: UseCase, version: str) -> str:
    owner = use_case.owner
    return f"# {use_case.name}, version {version}\n\n{use_case.question}\n\nOwner: {owner.team} ({owner.contact})"


def _use(use_case: UseCase) -> str:
    return (
        "## Intended use\n\n"
        f"A score is {_answer(use_case)} one request "
        f"({', '.join(use_case.request_key)}), as known at its `{use_case.event_time}`. "
        f"The truth is known {use_case.label.known_after_days} day(s) later.\n\n"
        f"{_costs(use_case)}"
    )


def _answer(use_case: UseCase) -> str:
    expression = use_case.label.expression
    if use_case.problem == "binary":
        return f"the probability that `{expression}` will hold for"
    return f"the `{expression}` to be expected, in {use_case.label.unit}, of"


def _costs(use_case: UseCase) -> str:
    costs = use_case.metric.costs_usd
    if isinstance(costs, ErrorCosts):
        return (
            f"A false alarm costs {costs.false_alarm:g} USD and a missed one {costs.missed:g} USD, so an alarm pays "
            f"above a score of {cost_threshold(costs):.3f}."
        )
    return (
        f"Of the {use_case.label.unit} that a score is off by, each one too many costs {costs.over:g} USD and each one "
        f"too few {costs.under:g} USD."
    )


def _data(dataset: DatasetVersion) -> str:
    split = dataset.split
    return (
        "## Data\n\n"
        "| | days | rows |\n|---|---|---|\n"
        f"| trained on | {dataset.window.first} to the day before {split.validation_first} | {split.train_rows:,} |\n"
        f"| validated on | {split.validation_first} to {dataset.window.last} | {split.validation_rows:,} |\n\n"
        f"{_labels(dataset)}"
    )


def _labels(dataset: DatasetVersion) -> str:
    labels = dataset.labels
    if isinstance(labels, LabelCounts):
        return f"Of {dataset.rows:,} rows {labels.positive:,} ({labels.positive / dataset.rows:.1%}) are positive."
    return (
        f"The labels of {dataset.rows:,} rows go from {labels.minimum:g} to {labels.maximum:g}, with mean "
        f"{labels.mean:.2f} and standard deviation {labels.standard_deviation:.2f}."
    )


def _results(use_case: UseCase, report: EvaluationReport) -> str:
    names, compared = {"champion": f"champion {report.champion}"}, COMPARED[use_case.problem]
    others = [key.removesuffix(f"_{compared[0]}") for key in report.metrics if key.endswith(f"_{compared[0]}")]
    rows = [_result_row(report, compared, name, names.get(name, f"baseline: {name}")) for name in sorted(others)]
    titles = (f"{METRICS[name].title} ({_unit(use_case, name)})".removesuffix(" ()") for name in compared)
    level = METRICS[LEVEL[use_case.problem]]
    return (
        f"## Results on the {report.rows:,} validation rows\n\n"
        f"| | {' | '.join(titles)} | expected cost (USD per 1,000) |\n|---|{'---|' * len(compared)}---|\n"
        + "\n".join([_result_row(report, compared, "", "**this version**"), *rows])
        + f"\n\n{level.title.capitalize()} {report.metrics[level.name]:.4f}. Intervals resample whole days."
    )


def _unit(use_case: UseCase, name: str) -> str:
    return (use_case.label.unit or "") if METRICS[name].in_unit else {"log_loss": "nats"}.get(name, "")


def _result_row(report: EvaluationReport, compared: tuple[str, ...], name: str, label: str) -> str:
    prefix = f"{name}_" if name else ""
    cells = " | ".join(_number(report, f"{prefix}{one}") for one in compared)
    return f"| {label} | {cells} | {report.metrics[f'{prefix}expected_cost_usd_per_1000']:,.0f} |"


def _number(report: EvaluationReport, metric: str) -> str:
    interval = report.intervals.get(metric)
    bounds = f" ({interval[0]:.4f} to {interval[1]:.4f})" if interval else ""
    return f"{report.metrics[metric]:.4f}{bounds}"


def _gates(report: EvaluationReport) -> str:
    return "## Gates\n\n" + "\n".join(f"- **{gate.gate}: {gate.verdict}.** {gate.sentence}" for gate in report.gates)


def _validation(use_case: UseCase, report: EvaluationReport) -> tuple[str, ...]:
    """How well the validation rows stand for what is asked, and the answers on rare cases; nothing of old reports."""
    parts = [*_segments(use_case, report), *_splits(report)]
    if report.edge_cases:
        parts.append("Edge cases:\n\n" + "\n".join(f"- {one.verdict}: {one.sentence}" for one in report.edge_cases))
    return ("## Validation\n\n" + "\n\n".join(parts),) if parts else ()


def _segments(use_case: UseCase, report: EvaluationReport) -> Iterator[str]:
    if report.segments:
        rows = (
            f"| {one.segment} | {one.rows:,} | {one.min_rows:,} | {_cell(one.value)} | {_cell(one.bias)} |"
            for one in report.segments
        )
        yield (
            f"| segment | rows | asked for | {METRICS[use_case.metric.primary].title} | bias |\n|---|---|---|---|---|\n"
            + "\n".join(rows)
        )


def _splits(report: EvaluationReport) -> Iterator[str]:
    for pair in dict.fromkeys((one.first, one.second) for one in report.splits):
        furthest = sorted((one for one in report.splits if (one.first, one.second) == pair), key=lambda one: -one.psi)
        told = ", ".join(f"`{one.feature}` {one.psi:.3f}" for one in furthest[:FURTHEST])
        yield f"Furthest apart between {pair[0]} and {pair[1]} rows, by PSI: {told}."


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _features(features: FeatureBaseline) -> str:
    rows = (
        f"| `{name}` | {found.tier} | {found.importance.share:.1%} | {found.sensitivity:.1%} |"
        for name, found in features.ranked[:TOP_FEATURES]
    )
    turned = "close decisions" if features.decision_threshold is not None else "answers"
    pairs = (f"`{pair.first}` and `{pair.second}` ({pair.spearman:.2f})" for pair in features.strong_pairs)
    return (
        f"## The {min(TOP_FEATURES, len(features.features))} most important of {len(features.features)} features\n\n"
        f"| | tier | importance | {turned} that turn when it moves a little |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nFeatures that say nearly the same (rank correlation): {', '.join(pairs) or 'none'}."
    )


def _limits(use_case: UseCase, spec: JobSpec, report: EvaluationReport, dataset: DatasetVersion) -> str:
    not_features = ", ".join(use_case.not_features) or "none"
    stopped = "- Training stopped early on the validation rows, so this version's results on them are optimistic.\n"
    return (
        "## Limits\n\n"
        f"- Measured on {report.first_day} to {report.last_day} only; it says nothing about another season.\n"
        f"{stopped if spec.parameters.get('early_stopping_round') else ''}"
        f"- {dataset.labels.without_outcome:,} requests of the window have no outcome; they were neither learnt nor "
        "measured.\n"
        "- A category that training never saw is scored as a missing value, and the answer carries a warning.\n"
        f"- Columns that identify but are not learnt: {not_features}."
    )


def _origin(spec: JobSpec, files: Mapping[str, bytes]) -> str:
    parameters = ", ".join(f"{name}={value}" for name, value in sorted(spec.parameters.items()))
    return (
        "## Origin\n\n"
        f"- Job `{spec.job_id}`, dataset version `{spec.dataset_version}`\n"
        f"- Trainer {spec.trainer}, seed {spec.seed}, {parameters}\n"
        + "\n".join(f"- `{name}` sha256 `{sha256(data)}`" for name, data in sorted(files.items()))
    )
