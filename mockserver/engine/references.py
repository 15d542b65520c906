"""References from one document to others: what names nothing is warned of, and refused in a strict account."""

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.engine.call import Call
from mockserver.engine.fields import values_at
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names documents of another collection.

    Args:
        path: the field, dotted; each item of a list is a reference of its own.
        collection: where the named documents are.
        noun: what one of them is called in messages.
    """

    path: str
    collection: str
    noun: str


def warn_of_strangers(call: Call, document: JsonObject, references: Iterable[Reference]) -> None:
    """Warns of each reference that names nothing; the rule is `unknown-` and the noun.

    Raises:
        StrictRefusal: the account is strict.
    """
    for reference in references:
        known = call.store.collection(reference.collection)
        for key in values_at(document, reference.path):
            if isinstance(key, str) and key and key not in known:
                rule = f"unknown-{reference.noun.replace(' ', '-')}"
                call.warn(reference.path, rule, f"no {reference.noun} exists with this id: {printable(key)}")
