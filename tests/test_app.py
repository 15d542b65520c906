"""The composition root: operations and bindings match, or nothing starts."""

import pytest

from mockserver.app import check_totality, create_app, tiers
from mockserver.engine.binding import Binding, BindingError, Tier
from mockserver.engine.call import Reply
from mockserver.handlers import bindings, customers, meters
from mockserver.settings import Settings
from specs import catalog

OPERATIONS = {operation.operation_id: operation for operation in catalog.operations()}


def test_every_operation_is_bound_once_and_nothing_else_is() -> None:
    """Bound operationIds are exactly those of the documents."""
    check_totality(OPERATIONS, bindings())
    assert sum(tiers(bindings()).values()) == len(OPERATIONS) == 183
    assert tiers(bindings())[Tier.EXAMPLE] == 0


def test_missing_and_unknown_bindings_stop_the_start_with_their_names() -> None:
    """The message lists what is not bound and what is unknown."""
    bound = {name: binding for name, binding in bindings().items() if name != "queryUsage"}
    bound["inventedOperation"] = Binding(lambda _call: Reply())
    with pytest.raises(BindingError, match="not bound: queryUsage; unknown: inventedOperation"):
        check_totality(OPERATIONS, bound)


def test_an_operation_bound_twice_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two modules may not bind one operation."""
    monkeypatch.setattr(customers, "BINDINGS", {**customers.BINDINGS, **meters.BINDINGS})
    with pytest.raises(BindingError, match=r"bound more than once: .*createMeterDefinition"):
        bindings()


@pytest.mark.parametrize("path", ["no-slash", "/ingest", "/customers/{other}"])
def test_a_charge_path_that_cannot_be_served_is_refused(path: str) -> None:
    """The setting is checked before anything is served."""
    with pytest.raises(ValueError, match="path"):
        create_app(Settings(charge_path=path))
