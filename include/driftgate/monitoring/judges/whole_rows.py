"""Whole rows of a night against training rows: what no feature shows alone, two that no longer go together."""

from driftgate.errors import CannotJudge
from driftgate.evaluation.reference_sample import REFERENCE_SAMPLE, read_reference_sample
from driftgate.monitoring.evidence import Statistic
from driftgate.monitoring.night import Night
from driftgate.profiles.two_sample import two_sample

TOLD_BY = 3  # features that the classifier told most of them by


def whole_rows(night: Night) -> tuple[Statistic, ...]:
    """Return how well a classifier tells tonight's rows from training rows, and by which features.

    It informs and decides nothing: any day is told apart by what all its rows share, such as its weather (flights of
    2013 with an AUC of 1). Empty where the package keeps no training rows, or there are too few rows.
    """
    data = night.package_file(night.served, REFERENCE_SAMPLE)
    if data is None:
        return ()
    prepared = night.preprocessing_of(night.served)
    reference = read_reference_sample(data, prepared, f"{REFERENCE_SAMPLE} of model {night.served}")
    try:
        encoded = prepared.encode_table(night.features)
        found = two_sample(reference, encoded, prepared.names, categorical=prepared.categorical)
    except CannotJudge:
        return ()
    by = list(found.importances.items())[:TOLD_BY]
    return (
        Statistic(name="two_sample_auc", value=found.auc, reference=0.5),
        *(Statistic(name="two_sample_gain_share", feature=name, value=share) for name, share in by),
    )
