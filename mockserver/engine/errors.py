"""What a behaviour refuses, as classes without HTTP; the rim maps each to a status and the vendor's error body."""


class Refusal(Exception):  # noqa: N818 - the class names a business outcome, not a fault of ours
    """A request that is not carried out. Nothing of it is stored.

    Args:
        message: one sentence for the caller.
        field: dotted path of the field at fault (`[3].meterTimeInMillis`), or None when no field is.
        rule: the broken rule as a kebab-case word (`duplicate-key`).
    """

    def __init__(self, message: str, *, field: str | None = None, rule: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.rule = rule


class InvalidInput(Refusal):
    """The request breaks the document or a rule of the mock."""


class MissingField(InvalidInput):
    """A required field is absent or null."""


class DuplicateKey(Refusal):
    """A create names a key that exists already."""


class KeyNotFound(Refusal):
    """A path key names nothing."""


class SessionRefused(Refusal):
    """The portal session is none, or is over."""


class NotPermitted(Refusal):
    """The request is about somebody else's affairs."""


class TooLarge(Refusal):
    """What was sent is larger than the mock keeps."""


class ConflictingReplay(Refusal):
    """A reference that was used before came again with another body."""


class UnsupportedVersion(Refusal):
    """The path names an API version that is not served."""


class StrictRefusal(InvalidInput):
    """A warning that strict mode turned into a refusal."""
