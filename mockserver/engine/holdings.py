"""What belongs to whom: the keys of each holder's documents, so that reading one holder's looks at nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass

from mockserver.engine.call import Call

KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Holdings:
    """The keys of documents by the holder, each holder's in the order in which they came.

    Attributes:
        collection: where they are kept, beside the documents.
    """

    collection: str

    def of(self, call: Call, holder: str) -> list[str]:
        """A holder's keys; none for a holder that has no documents."""
        held = call.store.collection(self.collection).get(holder)
        return list(held[KEYS]) if held else []

    def add(self, call: Call, holder: str, key: str, behind: str = "") -> None:
        """Enters a key behind another one that the holder has, or behind all."""
        keys = self.of(call, holder)
        place = keys.index(behind) + 1 if behind else len(keys)
        self._keep(call, holder, [*keys[:place], key, *keys[place:]])

    def remove(self, call: Call, holder: str, key: str) -> None:
        """Forgets a key."""
        self._keep(call, holder, [each for each in self.of(call, holder) if each != key])

    def holders(self, call: Call) -> list[str]:
        """Everybody who has documents."""
        return [held["holder"] for held in call.store.collection(self.collection).documents()]

    def _keep(self, call: Call, holder: str, keys: Sequence[str]) -> None:
        kept = call.store.collection(self.collection)
        if keys:
            kept.put(holder, {"holder": holder, KEYS: list(keys)})
        else:
            kept.delete(holder)
