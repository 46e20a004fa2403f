"""``driftgate model``: the registered model versions of a use case."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli import model_decisions
from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.evaluation.feature_baseline import FeatureBaseline
    from driftgate.promotion import Variant

app = typer.Typer(
    help="Model versions: list, show, compare, card, features, edge-cases, verify, approve, reject, rollback, sign, "
    "new-key.",
    no_args_is_help=True,
)
app.add_typer(model_decisions.app)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Version = Annotated[str, typer.Argument(help="A model version, such as 3.")]


@app.command("list")
def list_(
    use_case: Annotated[str | None, typer.Argument(help="One use case; all of them if left out.")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="List what was turned away instead, and why.")] = False,
) -> None:
    """List the model versions with their role in traffic."""
    from driftgate.use_cases import load_use_case, use_case_names

    names = [load_use_case(use_case).name] if use_case else use_case_names()
    tables = [table for table in map(_rejected if rejected else _table, names) if table.row_count]
    if not tables and rejected:
        out.print("No model was rejected or quarantined.")
    elif not tables:
        out.print("There are no model versions yet; the retrain DAG registers the first one.")
    for table in tables:
        out.print(table)


@app.command()
def show(use_case: UseCase, version: Version) -> None:
    """Print everything that is recorded about one model version, as JSON."""
    from driftgate.governance.erasure import contains_withdrawn
    from driftgate.registry import find_model, verified_files
    from driftgate.registry.states import state_history
    from driftgate.use_cases import load_use_case

    model = find_model(load_use_case(use_case).name, version)
    files = verified_files(model)
    made = {name: json.loads(files[f"{name}.json"]) for name in ("evaluation", "feature_baseline")}
    stood = [state.model_dump(mode="json") for state in state_history(use_case, version)]
    about = {"package_hash": model.package_hash, "contains_withdrawn": contains_withdrawn(f"{use_case}/{version}")}
    out.print_json(json.dumps({**model.model_dump(mode="json"), **about, "states": stood, **made}))


@app.command()
def card(
    use_case: UseCase,
    version: Version,
    plain: Annotated[
        bool, typer.Option("--plain", help="In plain words, for people who know nothing of models.")
    ] = False,
) -> None:
    """Print the model card, with what was decided since the version was registered."""
    from driftgate.catalog.model_page import decisions
    from driftgate.errors import ConfigError
    from driftgate.registry import find_model, verified_files
    from driftgate.registry.card_record import markdown_of
    from driftgate.use_cases import load_use_case

    files = verified_files(find_model(load_use_case(use_case).name, version))
    name = "card_plain.md" if plain else "card.md"
    if name not in files:
        raise ConfigError(f"{use_case}/{version} was registered before there was a {name}; read it without --plain.")
    out.print(files[name].decode(), markup=False, highlight=False, end="")
    since = decisions(use_case, version)
    if since.blocks and not plain:
        out.print(f"\n{markdown_of(since)}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def features(use_case: UseCase) -> None:
    """List what each feature is worth to the newest model versions, and propose for removal what is worth nothing."""
    from rich.table import Column, Table

    from driftgate.registry.feature_worth import newest_baselines, worthless
    from driftgate.use_cases import load_use_case

    baselines = newest_baselines(load_use_case(use_case).name)
    if not baselines:
        out.print("There are no model versions yet; the retrain DAG registers the first one.")
        return
    newest, *_ = baselines.values()
    table = Table(Column("feature", no_wrap=True), "tier", *(f"share in {version}" for version in baselines))
    for name, found in newest.ranked:
        table.add_row(name, found.tier, *(_share(baseline, name) for baseline in baselines.values()))
    out.print(table)
    if removable := worthless(baselines.values()):
        out.print(f"Worth nothing to any of these versions, to be removed: {', '.join(removable)}.", highlight=False)


@app.command("edge-cases")
def edge_cases(use_case: UseCase, version: Version) -> None:
    """Ask a model version the use case's edge cases; one that does not hold makes the command fail."""
    from rich.table import Column, Table

    from driftgate.errors import CannotJudge
    from driftgate.evaluation.edge_cases import edge_case_results
    from driftgate.registry import load_package
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    package = load_package(asked.name, version)
    found = edge_case_results(asked, package.signature, package.scorer)
    if not found:
        out.print(f"{asked.name} has no edge cases; name a file in 'validation.edge_cases'.", highlight=False)
        return
    table = Table(Column("edge case", no_wrap=True), "score", "changed", "verdict")
    for one in found:
        table.add_row(one.case, _score(one.score), _score(one.changed_score), one.verdict)
    out.print(table)
    wrong = [one.sentence for one in found if one.verdict != "pass"]
    for sentence in wrong:
        out.print(sentence, highlight=False, markup=False)
    if failed := [one for one in found if one.verdict == "fail"]:
        raise CannotJudge(f"{len(failed)} of {len(found)} edge cases do not hold of {asked.name}/{version}.")


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"


def _share(baseline: "FeatureBaseline", name: str) -> str:
    return f"{baseline.features[name].importance.share:.1%}" if name in baseline.features else "-"


def _table(use_case_name: str) -> "Table":
    from rich.table import Column, Table

    from driftgate.evaluation.metrics import metric
    from driftgate.use_cases import load_use_case

    primary = metric(load_use_case(use_case_name).metric.primary)
    titles = (primary.title, f"{primary.title} of champion")
    table = Table("version", "role", Column("trained on", no_wrap=True), *titles, title=use_case_name)
    for row in _rows(use_case_name, primary.name):
        table.add_row(*row)
    return table


def _rejected(use_case_name: str) -> "Table":
    from rich.table import Column, Table

    from driftgate.registry.states import model_states

    table = Table(Column("version or job", no_wrap=True), "state", "by", "reason", title=use_case_name)
    for one in model_states(use_case_name):
        if one.state in ("rejected", "quarantined"):
            table.add_row(one.subject, one.state, one.actor, one.reason)
    return table


def _rows(use_case_name: str, primary: str) -> Iterator[tuple[str, ...]]:
    from driftgate.governance.erasure import contains_withdrawn
    from driftgate.promotion import deployment
    from driftgate.registry import list_models
    from driftgate.registry.states import model_states

    states = {one.subject: one.state for one in model_states(use_case_name)}
    state = deployment(use_case_name)
    roles = {variant.version: _role(variant) for variant in state.models} if state else {}
    for model in list_models(use_case_name):
        found = (model.metrics.get(name) for name in (primary, f"champion_{primary}"))
        numbers = ["-" if value is None else f"{value:.4f}" for value in found]
        role = roles.get(model.version) or f"no traffic, {states.get(model.version, 'no state')}"
        if contains_withdrawn(f"{use_case_name}/{model.version}"):
            role += ", contains withdrawn data"
        yield model.version, role, model.dataset_version, *numbers


def _role(variant: "Variant") -> str:
    return f"canary {variant.weight} %" if variant.role == "canary" else variant.role
