"""A caller's text in messages of ours."""


def printable(text: str, limit: int = 100) -> str:
    """A caller's text, safe to repeat in a message: control characters escaped, cut at `limit` characters."""
    shown = text if len(text) <= limit else text[:limit] + "…"
    return shown.encode("unicode_escape").decode("ascii") if not shown.isprintable() else shown
