"""Ids that the mock mints: they look like the vendors' random ids and are the same in every run."""

import hashlib
import string

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def minted(prefix: str, *parts: object, length: int = 20) -> str:
    """`prefix` and `length` base62 characters that follow from both alone.

    Args:
        prefix: what the id begins with, its separator included (`cus_`).
        parts: what the id stands for: the number of a sequence, or the keys of a computed document.
        length: how many characters follow the prefix, 40 at most.
    """
    # The parts are told apart by their lengths, so that ("ab", "c") and ("a", "bc") are two ids.
    text = "".join(f"{len(part)}:{part}" for part in map(str, (prefix, *parts)))
    rest = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
    drawn = []
    for _ in range(length):
        rest, digit = divmod(rest, len(_BASE62))
        drawn.append(_BASE62[digit])
    return prefix + "".join(drawn)
