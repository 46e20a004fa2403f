"""The release of a switch of the champion, and serving it again where nothing else is left than the lake."""

from driftgate.errors import ConfigError, PromotionRefused
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion import DeploymentState, deployment, deployment_plan
from driftgate.promotion.moves import restore
from driftgate.promotion.state import KIND, SERVING, variants
from driftgate.registry import Package, find_model, load_checked_package
from driftgate.registry.releases import Release, find_release, record_release
from driftgate.registry.states import State, model_state, move_state
from driftgate.registry.tracking import reserve_versions
from driftgate.registry.versions import Registration, read_model, record_registration, registration_of
from driftgate.use_cases import UseCase


def release_of(use_case: UseCase, state: DeploymentState) -> Release:
    """Record the release of a state with a new champion; the same state is the same release."""
    history = metadata().history(KIND, use_case.name)
    (entry,) = (entry for entry in history if entry.revision == state.revision)
    return record_release(
        use_case,
        find_model(use_case.name, state.champion),
        previous=state.previous,
        switched_at=entry.written_at,
        switched_by=state.actor,
        revision=state.revision,
        plan_sha256=deployment_plan(use_case).hash,
    )


def restore_release(use_case: UseCase, release_id: str, *, actor: str) -> Package:
    """Bring the champion of a release back, in an environment that has lost its records, and return its package.

    What is there already is held against the release and left alone; where nothing serves, it serves. Its golden set
    was scored and gave the recorded answers.

    :raises ConfigError: there is no such release
    :raises Tampered: the lake does not hold the package of the release, or it is signed by a key that nobody trusts
    :raises Skewed: the model answers otherwise here
    :raises PromotionRefused: another version serves
    """
    release = find_release(use_case.name, release_id)
    serving = deployment(use_case.name)
    if serving and serving.champion != release.version:
        raise PromotionRefused(
            f"Version {serving.champion} of {use_case.name} serves here, so release {release_id} is not restored; go "
            f"back with the DAG {use_case.name}.rollback, or restore into an environment where nothing serves."
        )
    reason = f"restored from release {release_id}"
    _register(release)
    package = load_checked_package(use_case.name, release.version)
    if model_state(use_case.name, release.version) is None:
        way: tuple[State, ...] = ("candidate", "approved", "champion")
        for state in way:
            move_state(use_case.name, release.version, state, actor=actor, reason=reason)
    if serving is None:
        restore(use_case, _serving(release, actor, reason), actor=actor, reason=reason)
    return package


def _register(release: Release) -> None:
    """Make the version known again, once its package is the one of the release and signed by a key that is trusted."""
    version = {"use_case": release.use_case, "version": release.version}
    model = read_model(Registration(**version, job_id="", package_hash=release.package_sha256))
    known = registration_of(release.use_case, release.version)
    if known is None:
        taken = [int(path.split("/")[2]) for path in lake().list(f"models/{release.use_case}")]
        reserve_versions(release.use_case, max(taken))  # a number is never given to another model
        record_registration(model)
    elif known.package_hash != release.package_sha256:
        raise ConfigError(
            f"Version {release.version} of {release.use_case} is registered here with another package than that of "
            f"release {release.id}; restore into an empty environment."
        )


def _serving(release: Release, actor: str, reason: str) -> DeploymentState:
    return DeploymentState(
        use_case=release.use_case,
        revision=0,
        step=SERVING,
        champion=release.version,
        previous=None,  # the one before may not be in this lake
        variants=variants(release.version, None, SERVING),
        actor=actor,
        reason=reason,
    )
