"""Profiles: the mergeable statistical sketch of a table, what it says about a partition, and a page to read it on."""

from driftgate.profiles.columns import CategoricalColumn, Column, HiddenColumn, NumericColumn
from driftgate.profiles.findings import Finding
from driftgate.profiles.partition import profile_partition, read_profile
from driftgate.profiles.profile import Profile, merge, profile_batches, profile_table
from driftgate.profiles.quality import QualityScores, RuleResult, quality_scores
from driftgate.profiles.reading import numeric_column, profile_column
from driftgate.profiles.sketches import Sketch

__all__ = [
    "CategoricalColumn",
    "Column",
    "Finding",
    "HiddenColumn",
    "NumericColumn",
    "Profile",
    "QualityScores",
    "RuleResult",
    "Sketch",
    "merge",
    "numeric_column",
    "profile_batches",
    "profile_column",
    "profile_partition",
    "profile_table",
    "quality_scores",
    "read_profile",
]
