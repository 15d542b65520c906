"""The company logo: one picture an account, kept byte for byte."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput, KeyNotFound, TooLarge
from mockserver.engine.store import JsonObject

COLLECTION = "company-logos"
KEY = "logo"
NOUN = "company logo"
LARGEST = 1024 * 1024
"""Bytes of a picture; our reading."""
CONTENT = "content"
"""The field that holds the picture, as base64 text: the store keeps JSON."""

GUARDED: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""A picture in SVG may hold scripts: a browser that opens it must neither run nor load anything."""


def _is_webp(picture: bytes) -> bool:
    return picture.startswith(b"RIFF") and picture[8:12] == b"WEBP"


SVG = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->|<![^>\[]*(?:\[[^\]]*\]\s*)?>)*<svg[\s/>]", re.DOTALL)
"""What may stand before the first element, and that this is `svg`; atomic, so that no text makes it slow."""


def _is_svg(picture: bytes) -> bool:
    try:
        return SVG.match(picture.decode("utf-8-sig")) is not None
    except UnicodeDecodeError:
        return False


SIGNATURES: Mapping[str, Callable[[bytes], bool]] = {
    "image/png": lambda picture: picture.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda picture: picture.startswith(b"\xff\xd8\xff"),
    "image/gif": lambda picture: picture.startswith((b"GIF87a", b"GIF89a")),
    "image/webp": _is_webp,
    "image/svg+xml": _is_svg,
}
"""By media type, whether bytes begin as such a picture does."""


def picture_from_api(body: bytes, media_type: str) -> bytes:
    """The picture's bytes: the body as it is, or what its base64 text stands for.

    Raises:
        InvalidInput: the body is no picture of this kind.
        TooLarge: the picture is larger than `LARGEST`.
    """
    fits = SIGNATURES[media_type]
    picture = body if fits(body) else _decoded(body)
    if not fits(picture):
        message = f"Invalid request: the body is no picture of the kind {media_type}"
        raise InvalidInput(message, field="Content-Type", rule="not-the-image-type")
    if len(picture) > LARGEST:
        raise TooLarge(f"Invalid request: the picture is larger than {LARGEST} bytes", rule="image-size")
    return picture


def _decoded(text: bytes) -> bytes:
    """What base64 text stands for, line breaks allowed; nothing when it is no such text."""
    try:
        return b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return b""


def upload_logo(call: Call) -> Reply:
    """Keeps a picture in place of the one before."""
    picture = picture_from_api(call.body, call.media_type)
    previous = call.store.collection(COLLECTION).get(KEY)
    logo = {
        "contentType": call.media_type,
        "sizeInBytes": len(picture),
        "createTime": previous["createTime"] if previous else call.now_ms,
        "updateTime": call.now_ms,
        CONTENT: b64encode(picture).decode("ascii"),
    }
    call.store.collection(COLLECTION).put(KEY, logo)
    return _answered(call, "updated" if previous else "created", logo)


def delete_logo(call: Call) -> Reply:
    """Forgets the picture."""
    logo = stored_logo(call)
    call.store.collection(COLLECTION).delete(KEY)
    return _answered(call, "deleted", logo)


def _answered(call: Call, verb: str, logo: JsonObject) -> Reply:
    about = {name: value for name, value in logo.items() if name != CONTENT}
    record(call, NOUN, KEY, verb, about)
    return Reply(about)


def stored_logo(call: Call) -> JsonObject:
    """The logo as it is kept.

    Raises:
        KeyNotFound: none was uploaded.
    """
    logo = call.store.collection(COLLECTION).get(KEY)
    if logo is None:
        raise KeyNotFound("the account has no company logo", field=KEY, rule="unknown-key")
    return logo


def download_logo(call: Call) -> Reply:
    """The picture as it was uploaded."""
    logo = stored_logo(call)
    return Reply(b64decode(logo[CONTENT]), media_type=logo["contentType"], headers=GUARDED)


def logo_as_text(call: Call, _customer: str) -> Reply:
    """The picture as base64 text under its own media type, which is how the vendor's portal reads it."""
    logo = stored_logo(call)
    return Reply(logo[CONTENT].encode("ascii"), media_type=logo["contentType"], headers=GUARDED)


BINDINGS: Mapping[str, Binding] = {
    "downloadCompanyLogo": Binding(download_logo),
    "uploadCompanyLogo": Binding(upload_logo),
    "deleteCompanyLogo": Binding(delete_logo),
}
