"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(value: float) -> str:
    """Return ``value`` with four digits that count, whole numbers in full."""
    if value == int(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:,.4g}"


def moment(seconds: float) -> str:
    """Return the time ``seconds`` after 1970, without a zone, as a column of times has it."""
    try:
        time = EPOCH + timedelta(seconds=seconds)
        return f"{time:%Y-%m-%d %H:%M:%S}" if time.second else f"{time:%Y-%m-%d %H:%M}"
    except OverflowError:  # a year that Python does not know
        return f"{seconds:,.0f} s after 1970"


def shown(value: float, *, temporal: bool) -> str:
    """Return a value of a numeric column."""
    return moment(value) if temporal else number(value)


def cut(text: str, longest: int = 28) -> str:
    """Return ``text`` short enough for a label, and visible where it is only space."""
    text = text if text.strip() == text and text else repr(text)
    return text if len(text) <= longest else f"{text[:longest]}…"
