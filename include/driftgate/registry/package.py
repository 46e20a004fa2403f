"""Model packages: every byte is checked against its recorded hash before it is used, and nothing in them is code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftgate.errors import DriftgateError, Tampered
from driftgate.lake import lake
from driftgate.records import parse_record, sha256
from driftgate.registry.states import MAY_SERVE, require_state
from driftgate.registry.versions import (
    POINTER,
    SIGNATURE,
    ModelVersion,
    PackageFile,
    find_model,
    parse_json,
)

if TYPE_CHECKING:
    from driftgate.evaluation.explanation_report import AttributionBaseline
    from driftgate.evaluation.golden import Golden
    from driftgate.evaluation.golden_check import GoldenCheck
    from driftgate.models import Preprocessing, Rule, Scorer, Signature
    from driftgate.registry.card_record import Card

PREPROCESSING = "preprocessing.json"
FEATURE_BASELINE = "feature_baseline.json"
FALLBACK = "fallback.json"
CARD = "card.json"
EXPLANATION = "explain.json"
LARGEST_FILE_BYTES = 200_000_000  # a model of a million leaves is about 100 MB as text; more is no model of ours


@dataclass(frozen=True)
class Package:
    """One verified model version, ready to score.

    :param fallback: the rule that answers where it cannot
    :param explained_from: what its scores are explained against
    :param golden: None of a version that was registered before there were golden sets
    :param checked: what came of its golden set here, once it was checked
    """

    model: ModelVersion
    scorer: "Scorer"
    signature: "Signature"
    preprocessing: "Preprocessing"
    fallback: "Rule | None" = None
    explained_from: "AttributionBaseline | None" = None
    golden: "Golden | None" = None
    checked: "GoldenCheck | None" = None

    @property
    def info(self) -> dict[str, Any]:
        """The content of ``package.json``."""
        return self.model.model_dump(mode="json")


def load_package(use_case_name: str, version: str) -> Package:
    """Return a model version after checking every file of its package.

    :raises ConfigError: there is no such version; the sentence names those there are
    :raises Tampered: a file was changed, removed or added since the version was registered, its files are not of one
        model, or nobody measured its features
    """
    model = find_model(use_case_name, version)
    files = verified_files(model)
    where = lake().uri(model.folder)
    preprocessing = _preprocessing(model, files[PREPROCESSING])
    signature = _signature(model, files["signature.json"])
    _require_same_features(signature, preprocessing, where)
    _require_feature_baseline(files, preprocessing, where)
    return Package(
        model=model,
        scorer=_scorer(model, files, preprocessing),
        signature=signature,
        preprocessing=preprocessing,
        fallback=_fallback(files, signature, where),
        explained_from=_explained_from(files, preprocessing, where),
        golden=_golden(files, preprocessing, where),
    )


def require_serving(use_case_name: str, version: str) -> None:
    """Return when a model version may be put before users.

    :raises PromotionRefused: it was not approved, was rejected or is quarantined
    """
    require_state(use_case_name, version, MAY_SERVE, "serve")


def load_serving_package(use_case_name: str, version: str) -> Package:
    """Return a model version that may be put before users, as :func:`load_package` does.

    :raises PromotionRefused: it was not approved, was rejected or is quarantined
    """
    require_serving(use_case_name, version)
    return load_package(use_case_name, version)


def _scorer(model: ModelVersion, files: Mapping[str, bytes], preprocessing: "Preprocessing") -> "Scorer":
    from driftgate.registry.optimization import scorer_that_ships

    try:
        return scorer_that_ships(model.model_file, files, preprocessing, lake().uri(model.folder))
    except DriftgateError:
        raise
    except Exception:  # whatever a library says of bytes that are no model
        raise Tampered(f"{lake().uri(model.folder)}/{model.model_file} is no model; train it again.") from None


def _explained_from(
    files: Mapping[str, bytes], preprocessing: "Preprocessing", where: str
) -> "AttributionBaseline | None":
    from driftgate.evaluation.explanation_report import AttributionBaseline

    if EXPLANATION not in files:
        return None
    written, said = parse_json(files[EXPLANATION], f"{where}/{EXPLANATION}"), f"{where}/{EXPLANATION}: 'baseline'"
    found = written.get("baseline") if isinstance(written, dict) else None
    baseline = parse_record(found, AttributionBaseline, where=said)
    if len(baseline.values) != len(preprocessing.names):
        raise Tampered(f"{said} is of {len(baseline.values)} features, the model of {len(preprocessing.names)}.")
    return baseline


def _fallback(files: Mapping[str, bytes], signature: "Signature", where: str) -> "Rule | None":
    from driftgate.models import Rule

    if FALLBACK not in files:
        return None
    rule = parse_record(parse_json(files[FALLBACK], f"{where}/{FALLBACK}"), Rule, where=f"{where}/{FALLBACK}")
    if unknown := {*rule.by, rule.event_time} - {column.name for column in signature.columns}:
        raise Tampered(f"{where}/{FALLBACK} reads {', '.join(sorted(unknown))}, which signature.json does not have.")
    return rule


def _golden(files: Mapping[str, bytes], preprocessing: "Preprocessing", where: str) -> "Golden | None":
    from driftgate.evaluation.golden import GOLDEN, read_golden

    if GOLDEN not in files:
        return None
    parse_json(files[GOLDEN], f"{where}/{GOLDEN}")
    found = read_golden(files[GOLDEN], f"{where}/{GOLDEN}")
    if any(set(row) != set(preprocessing.names) for row in found.rows) or not found.rows:
        raise Tampered(f"{GOLDEN} and preprocessing.json in {where} name other features; take both from one job.")
    return found


def _require_same_features(signature: "Signature", preprocessing: "Preprocessing", where: str) -> None:
    """What is asked for at inference is what was trained on: the same features in the same order."""
    fields = [column.name for column in signature.columns if column.name in preprocessing.names]
    if fields != preprocessing.names:
        raise Tampered(
            f"signature.json and preprocessing.json in {where} name other features, or in another order; take both "
            "from one job."
        )


def _require_feature_baseline(files: Mapping[str, bytes], preprocessing: "Preprocessing", where: str) -> None:
    """A model whose features nobody measured can be watched by nobody: it does not serve."""
    from driftgate.evaluation.feature_baseline import read_feature_baseline

    if FEATURE_BASELINE not in files:
        raise Tampered(f"{where} has no {FEATURE_BASELINE}, without which no model serves; train and register anew.")
    parse_json(files[FEATURE_BASELINE], f"{where}/{FEATURE_BASELINE}")
    found = read_feature_baseline(files[FEATURE_BASELINE], f"{where}/{FEATURE_BASELINE}")
    if sorted(found.features) != sorted(preprocessing.names):
        raise Tampered(
            f"{FEATURE_BASELINE} and preprocessing.json in {where} name other features; take both from one job."
        )


def load_signature(use_case_name: str, version: str) -> "Signature":
    """Return the signature of a model version, without loading the model.

    :raises ConfigError: there is no such version
    :raises Tampered: the file was changed since the version was registered
    """
    model = find_model(use_case_name, version)
    return _signature(model, _verified(model, "signature.json", model.files["signature.json"]))


def load_preprocessing(use_case_name: str, version: str) -> "Preprocessing":
    """Return how a model version encodes its features, without loading the model.

    :raises ConfigError: there is no such version
    :raises Tampered: the file was changed since the version was registered
    """
    model = find_model(use_case_name, version)
    return _preprocessing(model, _verified(model, PREPROCESSING, model.files[PREPROCESSING]))


def load_card(use_case_name: str, version: str) -> "Card | None":
    """Return the card of a model version as data; None of a version that was registered before cards were.

    :raises ConfigError: there is no such version
    :raises Tampered: the file was changed since the version was registered
    """
    from driftgate.registry.card_record import Card

    model = find_model(use_case_name, version)
    if CARD not in model.files:
        return None
    data, where = _verified(model, CARD, model.files[CARD]), f"{lake().uri(model.folder)}/{CARD}"
    return parse_record(parse_json(data, where), Card, where=where)


def _preprocessing(model: ModelVersion, data: bytes) -> "Preprocessing":
    from driftgate.models import Preprocessing

    where = f"{lake().uri(model.folder)}/{PREPROCESSING}"
    return parse_record(parse_json(data, where), Preprocessing, where=where)


def _signature(model: ModelVersion, data: bytes) -> "Signature":
    """Return a signature of the feature set that the model was trained on; another one would join other values."""
    from driftgate.models import Signature

    where = f"{lake().uri(model.folder)}/signature.json"
    signature = parse_record(parse_json(data, where), Signature, where=where)
    known = signature.feature_set_sha256, model.feature_set_sha256
    if None not in known and known[0] != known[1]:
        raise Tampered(
            f"{where} is of the feature set {str(known[0])[:12]}, and the model was trained on {str(known[1])[:12]}; "
            "register the job again."
        )
    return signature


def package_bytes(use_case_name: str, version: str) -> int:
    """Return how many bytes the files of a package have, as it says itself.

    :raises ConfigError: there is no such version
    """
    return sum(file.bytes for file in find_model(use_case_name, version).files.values())


def verified_files(model: ModelVersion) -> dict[str, bytes]:
    """Return the bytes of every file of a package.

    :raises Tampered: a file was changed, removed or added, or is too large to be one of ours
    """
    folder = lake().uri(model.folder)
    for name, file in model.files.items():
        require_plain(name, file.bytes, folder)
    found = {path.removeprefix(f"{model.folder}/") for path in lake().list(model.folder)} - {POINTER, SIGNATURE}
    if missing := sorted(set(model.files) - found):
        raise Tampered(f"{folder} lacks {', '.join(missing)}, which its {POINTER} names; restore it.")
    if extra := sorted(found - set(model.files)):
        raise Tampered(f"{folder} holds {', '.join(extra)}, which its {POINTER} does not name; remove it.")
    return {name: _verified(model, name, file) for name, file in model.files.items()}


def require_plain(name: str, size: int, folder: str) -> None:
    """Return when a file may be one of a package in ``folder``.

    :raises Tampered: it lies elsewhere, or is too large to be one of ours
    """
    if "/" in name or "\\" in name or name.startswith("."):
        raise Tampered(f"{folder} names a file {name!r} outside its own folder; it is not a package of ours.")
    if size > LARGEST_FILE_BYTES:
        raise Tampered(f"{name} in {folder} has {size:,} bytes, more than the {LARGEST_FILE_BYTES:,} that are loaded.")


def _verified(model: ModelVersion, name: str, file: PackageFile) -> bytes:
    data = lake().read(f"{model.folder}/{name}")
    if sha256(data) != file.sha256:
        raise Tampered(
            f"{lake().uri(model.folder)}/{name} is not the file that was registered: its sha256 differs. Restore it."
        )
    return data
