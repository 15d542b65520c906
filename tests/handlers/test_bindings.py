"""The table of bindings: every operation has one, and none has two."""

import importlib
import pkgutil
from types import ModuleType

import pytest

from mockserver import handlers
from mockserver.engine.binding import Binding, BindingError, Tier
from mockserver.engine.call import Call, Reply
from specs import catalog

MODELLED = {"ingestMeterEvents", "queryUsage", "listInvoices", "ingestChargeEvents"}
"""Operations whose answers mean more than what was stored."""


def test_every_operation_is_bound() -> None:
    """The bindings are exactly the operations of the documents."""
    assert handlers.bindings().keys() == {operation.operation_id for operation in catalog.operations()}


def test_tiers_tell_what_is_modelled() -> None:
    """No operation of the documents is answered from an example, and the tiers say which ones have a meaning."""
    tiers = {operation_id: binding.tier for operation_id, binding in handlers.bindings().items()}
    assert {operation_id for operation_id, tier in tiers.items() if tier is Tier.BEHAVIOUR} == MODELLED
    assert Tier.EXAMPLE not in tiers.values()


def test_a_double_binding_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two modules that bind one operation stop the start with its name."""
    names = [found.name for found in pkgutil.iter_modules(handlers.__path__)]
    double = ModuleType("double")
    double.BINDINGS = {"twice": Binding(lambda _call: Reply())}  # type: ignore[attr-defined]
    monkeypatch.setattr(importlib, "import_module", lambda _name: double)
    assert len(names) > 1
    with pytest.raises(BindingError, match="twice"):
        handlers.bindings()


@pytest.mark.parametrize(("body", "heavy"), [([{}] * 5_000, False), ([{}] * 5_001, True), ({}, False)])
def test_large_batches_are_heavy(body: object, *, heavy: bool) -> None:
    """A batch of more than 5,000 events runs in a worker thread; anything less stays on the event loop."""
    binding = handlers.bindings()["ingestMeterEvents"]
    call = Call.__new__(Call)
    call.body = body
    assert binding.heavy(call) is heavy
