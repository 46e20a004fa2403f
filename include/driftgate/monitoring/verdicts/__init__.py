"""From a night's evidence to the verdict, and from a verdict to what came of it."""
