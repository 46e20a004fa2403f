"""Sensitivity is inherited along every path, and lowered only where a treatment says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.catalog.sensitivity import LEVELS, highest, inherited, lowered
from driftgate.errors import ConfigError

TREATMENTS = ("keep", "mask", "hash", "drop")


@pytest.mark.parametrize(
    ("level", "treatment", "left"),
    [
        ("pii", "keep", "pii"),
        ("pii", "mask", "internal"),
        ("pii", "hash", "internal"),
        ("pii", "drop", "public"),
        ("sensitive", "hash", "pii"),
        ("public", "hash", "public"),
    ],
)
def test_a_treatment_lowers_a_level(level, treatment, left):
    assert lowered(level, treatment) == left


def test_a_model_is_as_sensitive_as_the_worst_of_its_features():
    levels = inherited(
        {"trips.passenger": "pii", "trips.zone": "public"},
        {
            "feature/zone": {"trips.zone": "keep"},
            "feature/passenger": {"trips.passenger": "hash"},
            "feature/e_mail": {"trips.passenger": "keep"},
            "model/1": {"feature/zone": "keep", "feature/passenger": "keep"},
            "model/2": {"model/1": "keep", "feature/e_mail": "keep"},
        },
    )
    assert (levels["feature/zone"], levels["feature/passenger"]) == ("public", "internal")
    assert (levels["model/1"], levels["model/2"]) == ("internal", "pii")


def test_what_nobody_classified_is_public_and_nothing_is_made_from_itself():
    assert inherited({}, {"b": {"a": "keep"}}) == {"a": "public", "b": "public"}
    with pytest.raises(ConfigError, match="is made from itself"):
        inherited({}, {"a": {"b": "keep"}, "b": {"a": "keep"}})


@st.composite
def graphs(draw):
    """Things 0 … n, each made from some of those before it."""
    size = draw(st.integers(1, 8))
    own = {str(node): draw(st.sampled_from(LEVELS)) for node in range(size) if draw(st.booleans())}
    edge = st.dictionaries(st.integers(0, size), st.sampled_from(TREATMENTS), max_size=3)
    made = {
        str(node): {str(source): how for source, how in draw(edge).items() if source < node} for node in range(size)
    }
    return own, made


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_on_any_graph_the_level_is_the_worst_over_all_paths(graph):
    own, made = graph

    def over_all_paths(node):
        return highest(
            own.get(node, "public"),
            *(lowered(over_all_paths(source), how) for source, how in made.get(node, {}).items()),
        )

    levels = inherited(own, made)

    assert all(levels[node] == over_all_paths(node) for node in made)
    for node, sources in made.items():  # nothing loses its taint without a treatment
        assert all(
            LEVELS.index(levels[node]) >= LEVELS.index(levels[source])
            for source in sources
            if sources[source] == "keep"
        )
