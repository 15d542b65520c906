"""The table of bindings: every operation has one, and none has two."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

from mockserver import handlers
from mockserver.engine.binding import Binding, BindingError, Tier
from mockserver.engine.call import Call, Reply
from specs import catalog

MODELLED = {"ingestMeterEvents", "queryUsage", "listInvoices", "ingestChargeEvents", "createSession", "searchCustomers"}
"""Some operations whose answers mean more than what was stored."""

STORED = {"createCustomer", "getCustomerById", "listMeters", "listPromotions", "createOrUpdateProductItem"}
"""Some operations that store and read back."""

MOST_EXAMPLES = 10


def test_every_operation_is_bound() -> None:
    """The bindings are exactly the operations of the documents."""
    assert handlers.bindings().keys() == {operation.operation_id for operation in catalog.operations()}


def test_tiers_tell_what_is_modelled() -> None:
    """The tiers say which operations have a meaning; few are answered from an example, and each of those says why."""
    bound = handlers.bindings()
    assert {bound[name].tier for name in MODELLED} == {Tier.BEHAVIOUR}
    assert {bound[name].tier for name in STORED} == {Tier.RESOURCE}
    examples = [binding for binding in bound.values() if binding.tier is Tier.EXAMPLE]
    assert len(examples) <= MOST_EXAMPLES
    assert all(binding.reason for binding in examples)


def test_no_module_is_long() -> None:
    """A module of handlers that grows over 300 lines has more than one job."""
    folder = Path(handlers.__path__[0])
    lengths = {str(path.relative_to(folder)): len(path.read_text().splitlines()) for path in folder.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


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
