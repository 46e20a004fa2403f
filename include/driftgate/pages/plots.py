"""Plots by matplotlib as SVG that stands inside a page: the same numbers give the same bytes."""

import re
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

OURS, CHAMPION, OTHER, LIMIT = "#2a6fb0", "#b4480f", "#98a2ad", "#b42318"
COLOURS = {"candidate": OURS, "champion": CHAMPION}
LOOK: dict[Any, Any] = {  # matplotlib names its settings one by one
    "svg.hashsalt": "driftgate",  # ids inside the file: by chance otherwise
    "svg.fonttype": "none",  # text stays text, which can be searched and read aloud
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5b6875",
    "axes.grid": True,
    "grid.color": "#eef2f6",
    "axes.axisbelow": True,
    "legend.edgecolor": "none",
    "path.simplify": False,
}


def plot(draw: "Callable[[Axes], None]", label: str, *, width: float = 5.2, height: float = 3.2) -> "Markup":
    """Return what ``draw`` draws.

    :param label: what is seen, for whoever does not see it
    :param width: in inches, as ``height``; a page scales it
    """
    import matplotlib
    from markupsafe import Markup, escape
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    file = StringIO()
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = file.getvalue()
    inner = re.sub(r"<(metadata|style).*?</\1>\s*|<!--.*?-->\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    # Several stand in one page, where an id may occur once; those of clip paths and glyphs are hashes of what they are.
    inner = re.sub(r' id="[a-z0-9.]+_\d+"', "", inner)
    return Markup(inner.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704


def plain(text: str) -> str:
    """Return ``text`` so that a dollar sign in it begins no formula."""
    return text.replace("$", r"\$")


def legend(axes: "Axes") -> None:
    """Say which line is which, where there is more than one."""
    if len(axes.get_legend_handles_labels()[0]) > 1:
        axes.legend(fontsize=8)
