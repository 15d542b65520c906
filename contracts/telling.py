"""What a check or a law of ours said, as a symptom of a finding."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from contracts.checks.asking import Said
from contracts.checks.table import CHECKS
from contracts.conformance import Words
from contracts.findings import Symptom
from contracts.laws.law import Evidence
from contracts.laws.table import LAWS
from contracts.model import Example, Owner, Severity
from contracts.redact import Redactor

TOLD_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "refused_without_key": ("key_required",),
        "refused_with_wrong_key": ("key_required",),
        "refused_write_changes_nothing": ("refused_key_changes_nothing", "key_required"),
        "second_account_sees_nothing": ("account_isolation", "key_required"),
        "read_back_equals_written": ("ensure_resource_availability",),
        "deleted_is_gone": ("use_after_free",),
        "absent_keys_are_not_found": ("use_after_free",),
    }
)
"""The checks that tell the same cause as a law, when they differ on an operation that the law asks."""


def severity_of(check: str) -> Severity:
    """How much a difference matters, by the name of a check or a law."""
    return LAWS[check].severity if check in LAWS else CHECKS[check].severity


def symptom_of(said: Said, document: str, dialect: str, redactor: Redactor) -> Symptom:
    """The symptom of a difference.

    Args:
        said: What was said.
        document: The name of the operation's document.
        dialect: Of the projection, or empty.
        redactor: Takes secrets out.
    """
    ours = said.check in LAWS and LAWS[said.check].evidence is Evidence.READING
    return Symptom(
        check=said.check,
        operation_id=said.operation_id,
        document=document,
        dialect=dialect,
        severity=severity_of(said.check),
        expected=redactor.text(said.expected),
        got=redactor.text(said.got),
        status=said.status,
        example=Example(said.curl, said.exchange) if said.exchange is not None else None,
        # Otherwise the operation decides whose a difference is.
        owner=Owner.OUR_READING if ours else None,
    )


def words_of(names: Iterable[str]) -> tuple[Words, ...]:
    """What the checks and laws of these names are, each once, in the order of their names."""
    return tuple(_words(name) for name in sorted(set(names)))


def _words(name: str) -> Words:
    if name in LAWS:
        law = LAWS[name]
        return Words(name, "law", law.expects, law.why, law.evidence.value)
    check = CHECKS[name]
    return Words(name, "check", check.expects, check.matters)
