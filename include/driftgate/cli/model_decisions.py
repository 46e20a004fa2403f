"""``driftgate model approve | reject | rollback | verify | compare | sign | new-key``: what is decided of a model."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.registry import ModelVersion

app = typer.Typer()

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Version = Annotated[str, typer.Argument(help="A model version, such as 3.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded with your name.")]


@app.command()
def approve(use_case: UseCase, version: Version, reason: Reason) -> None:
    """Approve a version that waits for it; whoever had it trained or registered cannot."""
    from driftgate.catalog.model_page import write_model_page
    from driftgate.registry import approval
    from driftgate.use_cases import load_use_case

    state = approval.approve(load_use_case(use_case), version, actor=_actor(), reason=reason)
    write_model_page(use_case, version)
    out.print(f"Version {version} of {use_case} is approved by {state.actor}.", markup=False, highlight=False)


@app.command()
def reject(use_case: UseCase, version: Version, reason: Reason) -> None:
    """Reject a version that waits for approval, or has no traffic yet; it is never promoted."""
    from driftgate.catalog.model_page import write_model_page
    from driftgate.registry import approval
    from driftgate.use_cases import load_use_case

    state = approval.reject(load_use_case(use_case), version, actor=_actor(), reason=reason)
    write_model_page(use_case, version)
    out.print(f"Version {version} of {use_case} is rejected by {state.actor}.", markup=False, highlight=False)


@app.command()
def rollback(
    use_case: UseCase,
    reason: Reason,
    to_previous: Annotated[
        bool, typer.Option(help="When no candidate is under way: restore the champion before.")
    ] = False,
) -> None:
    """Take the candidate out of the traffic at once, or restore the champion before."""
    from driftgate.catalog.model_page import write_pages
    from driftgate.promotion import deployment, roll_back
    from driftgate.use_cases import load_use_case

    asked, before = load_use_case(use_case), deployment(use_case)
    state = roll_back(asked, reason=reason, actor=_actor(), to_previous=to_previous)
    if before:
        write_pages(asked, before.candidate or before.champion)
    out.print(f"Version {state.champion} of {use_case} serves, since revision {state.revision}.", highlight=False)


@app.command()
def verify(use_case: UseCase, version: Version) -> None:
    """Check signature, every file and every gate receipt of a version; one that is wrong makes the command fail."""
    from rich.table import Table

    from driftgate.evaluation.receipts import require_receipts
    from driftgate.registry import load_package
    from driftgate.registry.states import model_state
    from driftgate.use_cases import load_use_case

    model = load_package(load_use_case(use_case).name, version).model
    state = model_state(use_case, version)
    out.print(f"All {len(model.files)} files are what was registered and signed; the model loads.", highlight=False)
    out.print(
        f"State: {f'{state.state}, {state.actor}: {state.reason}' if state else 'none'}", markup=False, highlight=False
    )
    table = Table("gate", "verdict", "judged rows up to", "code")
    for receipt in require_receipts(load_use_case(use_case), model):
        code = receipt.code_revision[:12] + (" with changes" if receipt.code_dirty else "")
        table.add_row(receipt.gate, receipt.verdict, receipt.as_of, code)
    out.print(table)


@app.command()
def compare(use_case: UseCase, first: Version, second: Version) -> None:
    """Show two versions side by side: where they come from, metrics, gates, and what their features are worth."""
    from rich.table import Table

    from driftgate.registry import find_model
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    sides = [_facts(find_model(name, version)) for version in (first, second)]
    for title in sides[0]:
        table = Table(title, first, second)
        for key in dict.fromkeys(key for side in sides for key in side[title]):
            table.add_row(key, *(side[title].get(key, "-") for side in sides))
        if table.row_count:
            out.print(table)


@app.command()
def sign(use_case: UseCase, version: Version) -> None:
    """Sign a package that was registered before packages were signed: you answer for where it comes from."""
    from driftgate.registry.adoption import sign_unsigned
    from driftgate.use_cases import load_use_case

    model = sign_unsigned(load_use_case(use_case), version, actor=_actor())
    out.print(f"Version {model.version} of {use_case} is signed: {model.package_hash[:12]}.", highlight=False)


@app.command("new-key")
def new_key() -> None:
    """Sign with a new key from now on; what the old ones signed counts until their public keys are removed."""
    from driftgate.settings import settings
    from driftgate.signing import local_keys

    if settings().signing.backend != "local":
        out.print("The key is one of KMS: make another there, and put the old one's id into 'signing.trusted'.")
        raise typer.Exit(2)
    out.print(
        f"The key {local_keys.new_key()} signs from now on; {local_keys.folder()} has its public half.", soft_wrap=True
    )


def _facts(model: "ModelVersion") -> dict[str, dict[str, str]]:
    """Return what a person compares two versions by, each part a table of its own."""
    from driftgate.evaluation.feature_baseline import read_feature_baseline
    from driftgate.registry import verified_files
    from driftgate.registry.states import model_state

    files = verified_files(model)
    evaluation = json.loads(files["evaluation.json"])
    baseline = read_feature_baseline(files["feature_baseline.json"], f"{model.folder}/feature_baseline.json")
    state = model_state(model.use_case, model.version)
    return {
        "version": {
            "state": state.state if state else "none",
            "trainer": model.trainer,
            "trained on": model.dataset_version,
            **{name: str(value) for name, value in sorted(model.parameters.items())},
        },
        "metric": {name: f"{value:.4f}" for name, value in sorted(model.metrics.items())},
        "gate": {gate["gate"]: f"{gate['verdict']} {_number(gate['value'])}" for gate in evaluation["gates"]},
        "feature, share of importance": {name: f"{feature.importance.share:.1%}" for name, feature in baseline.ranked},
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"({value:.4f})"


def _actor() -> str:
    import getpass

    return getpass.getuser()
