"""Hooks of MkDocs: what GitHub shows of `docs/` as it stands and a site does not, and nothing from elsewhere.

A link that leaves `docs/` becomes the path of its file, since the site holds no files of the tree. A bar inside of code
in a table loses the backslash that GitHub asks for. The helper that Material loads from elsewhere for its search on
pages that are read from a disk becomes our own `docs/assets/search.js`.
"""

import re
from posixpath import dirname, join, normpath
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)\)")
_BARRED = re.compile(r"`[^`\n]*\\\|[^`\n]*`")
_ELSEWHERE = "https://unpkg.com/iframe-worker/shim"
_OWN = "assets/search.js"


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page as MkDocs is to read it."""
    folder = join("docs", dirname(page.file.src_uri))
    inside = _LINK.sub(lambda link: _told(link, folder), markdown)
    return _BARRED.sub(lambda code: code.group().replace("\\|", "|"), inside)


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """The page with our own helper in the place of the one from elsewhere."""
    return output.replace(_ELSEWHERE, "../" * page.url.count("/") + _OWN)


def on_post_template(output_content: str, **_: Any) -> str:
    """The page of a missing address likewise; it may stand anywhere, so its URLs begin at the root."""
    return output_content.replace(_ELSEWHERE, f"/{_OWN}")


def _told(link: re.Match[str], folder: str) -> str:
    words, target = link.groups()
    path = normpath(join(folder, target))
    return link.group() if path.startswith("docs/") else f"{words} (`{path}`)"
