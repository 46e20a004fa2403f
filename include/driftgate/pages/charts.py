"""Small charts as SVG, written without a plotting library: a page of a dozen is made while its reader waits.

The same numbers give the same bytes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from driftgate.pages.template import number, render

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 560.0, 170.0, 56.0, 8.0, 20.0
ROW, LABELS = 19.0, 190.0  # of a chart of bars: height of a row, width of the names
TICKS, DASH = 4, 5.0
SMALLEST, LARGEST = 1e-12, 1e12  # what is smaller is drawn as zero, what is larger not at all


@dataclass(frozen=True)
class Point:
    """One night: what was measured, and the limit it was held against.

    :param mood: class of the style that colours it, such as ``pass`` and ``fail``
    :param value: None: nothing was measured; a mark at the bottom says so
    """

    name: str
    value: float | None
    mood: str
    title: str
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class Bar:
    """One named value; ``limit`` and ``before`` are marks across it."""

    name: str
    value: float
    mood: str = ""
    limit: float | None = None
    before: float | None = None


SERIES = """
<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="{{ label }}" class="chart">
{% for y, text in ticks %}<path class="grid" d="M{{ left }} {{ y }}H{{ width }}"/>
<text x="{{ left - 6 }}" y="{{ y + 4 }}" text-anchor="end">{{ text }}</text>
{% endfor %}
{% for piece in bands %}<path class="band" d="{{ piece }}"/>{% endfor %}
<path class="limit" d="{{ limits }}"/><path class="line" d="{{ line }}"/>
{% for x, y, point in dots %}{% if point.href %}<a href="{{ point.href }}">{% endif %}
<circle class="{{ point.mood }}" cx="{{ x }}" cy="{{ y }}" r="{{ 4 if loop.last else 3 }}">
<title>{{ point.title }}</title></circle>{% if point.href %}</a>{% endif %}
{% endfor %}
<text x="{{ left }}" y="{{ height - 4 }}">{{ first }}</text>
<text x="{{ width }}" y="{{ height - 4 }}" text-anchor="end">{{ last }}</text></svg>
"""

BARS = """
<svg viewBox="0 0 {{ width }} {{ 24 + row * rows | length }}" role="img" aria-label="{{ label }}" class="chart">
{% for y, x, w, bar, shown, limit, before in rows %}
<text x="{{ labels - 8 }}" y="{{ y + 13 }}" text-anchor="end">{{ bar.name }}<title>{{ bar.name }}</title></text>
<rect class="{{ bar.mood }}" x="{{ x }}" y="{{ y + 3 }}" width="{{ w }}" height="{{ row - 7 }}"><title>{{ bar.name }}:
{{ shown }}</title></rect>
<text x="{{ width }}" y="{{ y + 13 }}" text-anchor="end">{{ shown }}</text>
{% if before is not none %}<path class="before" d="M{{ before }} {{ y + 1 }}v{{ row - 3 }}"/>{% endif %}
{% if limit is not none %}<path class="limit" d="M{{ limit }} {{ y }}v{{ row }}"/>{% endif %}
{% endfor %}
<text x="{{ labels }}" y="{{ 18 + row * rows | length }}">{{ legend }}</text></svg>
"""


def series(points: Sequence[Point], label: str) -> "Markup":
    """Return values night by night, with their intervals and the limit; nothing where no night has a value."""
    scale = _Scale.of(
        [value for point in points for value in (point.value, point.low, point.high, point.limit) if _drawn(value)]
    )
    places = [_place(index, len(points)) for index in range(len(points))]
    dots = [(x, scale.y(point.value), point) for x, point in zip(places, points, strict=True)]
    return render(
        SERIES,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        label=label,
        ticks=[(scale.y(value), number(value, scale.digits)) for value in scale.ticks],
        bands=_bands(points, places, scale),
        limits=_path(
            zip(places, [scale.y(p.limit) if _drawn(p.limit) else None for p in points], strict=True), begin=DASH
        ),
        line=_path((x, y if _drawn(point.value) else None) for x, y, point in dots),
        dots=dots,
        first=points[0].name if points else "",
        last=points[-1].name if len(points) > 1 else "",
    )


def bars(rows: Sequence[Bar], label: str) -> "Markup":
    """Return values one below the other; they begin at zero."""
    values = [value for bar in rows for value in (bar.value, bar.limit, bar.before) if _drawn(value)]
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (WIDTH - 70.0 - LABELS) / (high - low if high - low > SMALLEST else 1.0)

    def x(value: float | None) -> float | None:
        return round(LABELS + (value - low) * span, 1) if _drawn(value) else None

    zero = LABELS - low * span
    drawn = [
        (
            ROW * place,
            round(min(zero, x(bar.value) or zero), 1),
            round(abs((x(bar.value) or zero) - zero), 1),
            bar,
            number(bar.value),
            x(bar.limit),
            x(bar.before),
        )
        for place, bar in enumerate(rows)
    ]
    marks = [("red line: limit", any(bar.limit is not None for bar in rows)),
             ("orange line: what it is compared with", any(bar.before is not None for bar in rows))]  # fmt: skip
    legend = "; ".join(text for text, there in marks if there)
    return render(BARS, width=WIDTH, row=ROW, labels=LABELS, label=label, rows=drawn, legend=legend)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, values: "Sequence[float | None]") -> "_Scale":
        found = [value for value in values if value is not None]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        size = max(abs(low), abs(high))
        size = size if size > SMALLEST else 1.0
        margin = (high - low) * 0.08 if high - low > size * 1e-9 else size * 0.1
        return cls(low - (margin if low < 0 or low > margin else low), high + margin)

    def y(self, value: float | None) -> float:
        """Return the place of a value, the bottom for none."""
        floor = HEIGHT - BOTTOM
        if not _drawn(value):
            return floor
        return round(floor - (value - self.low) / (self.high - self.low) * (floor - TOP), 1)

    @property
    def step(self) -> float:
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        return next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999)

    @property
    def digits(self) -> int:
        return max(0, -math.floor(math.log10(self.step)) + (1 if f"{self.step:e}".startswith("2.5") else 0))

    @property
    def ticks(self) -> list[float]:
        first, last = math.ceil(self.low / self.step), math.floor(self.high / self.step)
        return [place * self.step for place in range(first, last + 1)]


def _place(index: int, count: int) -> float:
    return round(LEFT + 8 + (WIDTH - LEFT - 16) * (index / (count - 1) if count > 1 else 0.5), 1)


def _drawn(value: float | None) -> TypeGuard[float]:
    return value is not None and abs(value) <= LARGEST


def _path(places: "Iterable[tuple[float, float | None]]", begin: float = 0.0) -> str:
    """Return a line through places; it is broken where there is none.

    :param begin: how far before its first place a piece begins, so that one place alone can be seen
    """
    found, pen = [], "M"
    for x, y in places:
        if y is not None:
            found.append(f"M{x - begin:.1f} {y}L{x} {y}" if begin and pen == "M" else f"{pen}{x} {y}")
        pen = "M" if y is None else "L"
    return "".join(found)


def _bands(points: Sequence[Point], places: Sequence[float], scale: _Scale) -> list[str]:
    """Return the outline of each run of nights that have an interval."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    for x, point in zip(places, points, strict=True):
        if _drawn(point.low) and _drawn(point.high):
            runs[-1].append((x, scale.y(point.low), scale.y(point.high)))
        elif runs[-1]:
            runs.append([])
    outlines = [[*((x, high) for x, _, high in run), *((x, low) for x, low, _ in reversed(run))] for run in runs if run]
    return [f"{_path(outline)}Z" for outline in outlines]
