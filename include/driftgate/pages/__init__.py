"""What the pages for people share: one look, a template that escapes, plots as SVG inside the page."""

from driftgate.pages.template import document, render

__all__ = ["document", "render"]
