"""Which dataset versions the models need that serve, may serve again, or want to serve."""

from collections.abc import Iterator


def versions_needed() -> dict[str, str]:
    """Return each dataset version that a model needs, with the reason.

    :raises ConfigError: a model that serves is not registered; then nobody can say what is needed
    """
    from driftgate.datasets import all_versions
    from driftgate.registry import find_model

    needed: dict[str, list[str]] = {}
    for use_case in sorted({version.subject for version in all_versions()}):
        for version, role in _roles(use_case):
            needed.setdefault(find_model(use_case, version).dataset_version, []).append(role)
    return {name: ", ".join(dict.fromkeys(roles)) for name, roles in needed.items()}


def _roles(use_case: str) -> Iterator[tuple[str, str]]:
    """Yield model versions with what they are: by the deployment, by the registry's alias, or as the newest one."""
    from driftgate.promotion import deployment
    from driftgate.registry import champion, list_models

    state = deployment(use_case)
    roles = (
        {"champion": state.champion, "candidate": state.candidate, "rollback target": state.previous} if state else {}
    )
    serving = champion(use_case)
    yield from ((version, f"{role} {version}") for role, version in roles.items() if version)
    if serving:
        yield serving.version, f"champion {serving.version}"
    for model in list_models(use_case)[-1:]:  # registered, and perhaps not yet in shadow
        yield model.version, f"newest model {model.version}"
