"""The composition root: settings in, ASGI app out."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mockserver.engine.account import Account, Accounts, Policy
from mockserver.engine.binding import Binding, BindingError, Tier
from mockserver.engine.clock import Clock
from mockserver.engine.duties import Duty
from mockserver.engine.journal import Journal
from mockserver.engine.store import MemoryStore, Store
from mockserver.handlers import bindings
from mockserver.handlers.billing.settlement import SETTLEMENT
from mockserver.http.answer import Answer
from mockserver.http.auth import KeyRing
from mockserver.http.control import Control
from mockserver.http.crossorigin import cross_origin
from mockserver.http.edge import Edge
from mockserver.http.endpoint import Endpoint
from mockserver.http.errors import AMBERFLO
from mockserver.http.exchange import Exchange
from mockserver.http.fastpath import App, connexion_app
from mockserver.http.parameters import Parameters
from mockserver.http.replies import ReplyCheck
from mockserver.http.routes import Routes
from mockserver.http.schemas import Compiler
from mockserver.http.validation import BodyCheck
from mockserver.settings import Settings
from specs import catalog
from specs.catalog import Dialect, Document, Operation


def check_totality(operations: Mapping[str, Operation], bound: Mapping[str, Binding]) -> None:
    """Every operation is bound, and nothing else is.

    Raises:
        BindingError: it names the operations without a binding and the bindings without an operation.
    """
    missing, unknown = sorted(operations.keys() - bound.keys()), sorted(bound.keys() - operations.keys())
    faults = [f"not bound: {', '.join(missing)}"] * bool(missing) + [f"unknown: {', '.join(unknown)}"] * bool(unknown)
    if faults:
        raise BindingError("; ".join(faults))


def tiers(bound: Mapping[str, Binding]) -> dict[Tier, int]:
    """How many operations are in each tier."""
    return {tier: sum(1 for binding in bound.values() if binding.tier is tier) for tier in Tier}


class Forms:
    """The forms of the documents, each with its compiler, made when they are first asked for.

    Args:
        served: the merged document, which holds both dialects.
    """

    def __init__(self, served: Document) -> None:
        self.compiler = Compiler(served.spec)
        self._projected: dict[tuple[str, Dialect], tuple[Compiler, Document]] = {}

    def form(self, operation: Operation, dialect: Dialect | None) -> tuple[Compiler, Operation | None]:
        """The operation as one dialect knows it, None when it does not; as both do together for no dialect."""
        if dialect is None:
            return self.compiler, operation
        key = (operation.document, dialect)
        if key not in self._projected:
            document = catalog.project(dialect, operation.document)
            self._projected[key] = (Compiler(document.spec), document)
        compiler, document = self._projected[key]
        try:
            return compiler, document.operation(operation.operation_id)
        except KeyError:
            return compiler, None


def open_account(settings: Settings, make_store: Callable[[], Store], public_id: str) -> Account:
    """A fresh account under the server's settings."""
    policy = Policy(
        dedup=settings.dedup, strict=settings.strict, unit_price=settings.unit_price, currency=settings.currency
    )
    clock = Clock(settings.clock_ms, frozen=settings.frozen)
    journal = Journal(settings.journal_size)
    return Account(public_id=public_id, store=make_store(), clock=clock, journal=journal, policy=policy)


def create_app(
    settings: Settings | None = None, make_store: Callable[[], Store] | None = None, duty: Duty = SETTLEMENT
) -> App:
    """The mock server as an ASGI app.

    Args:
        settings: the server's settings.
        make_store: makes the store of a fresh account; in memory when None.
        duty: what an account's clock brings about.

    Raises:
        BindingError: bindings and documents do not match.
    """
    settings = settings or Settings()
    make = make_store or (lambda: MemoryStore(conflict_warnings=settings.conflict_warnings))
    served, bound = catalog.served(settings.charge_path), bindings()
    check_totality({operation.operation_id: operation for operation in served.operations}, bound)
    ring = KeyRing(Accounts(partial(open_account, settings, make)), settings.api_keys)
    endpoints = make_endpoints(served, bound, settings.body_limit, duty)
    routes = Routes(endpoints.values())

    def error_answer(exchange: Exchange, error: Exception) -> Answer:
        vendor = exchange.endpoint.vendor if exchange.endpoint else AMBERFLO
        return vendor.error(error, allow=exchange.allow)

    vendors = connexion_app(local(served.spec), endpoints, ring, error_answer, fast=settings.fast)
    edge = Edge(routes, vendors, Control(ring, bound, served, error_answer, duty).app())
    return cross_origin(edge) if settings.cors else edge


def local(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The document as this server serves it: at the root of its own address."""
    return {**spec, "servers": [{"url": "/", "description": "this server"}]}


def make_endpoints(served: Document, bound: Mapping[str, Binding], body_limit: int, duty: Duty) -> dict[str, Endpoint]:
    """Every operation's endpoint by operationId."""
    forms = Forms(served)
    schemes = served.spec.get("components", {}).get("securitySchemes", {})

    def make(operation: Operation) -> Endpoint:
        request_body = operation.node.get("requestBody")
        return Endpoint(
            operation,
            bound[operation.operation_id],
            schemes=tuple(schemes[name] for requirement in operation.node["security"] for name in requirement),
            parameters=Parameters(forms.compiler, operation),
            body=BodyCheck(forms.compiler, request_body, body_limit) if request_body else None,
            replies=ReplyCheck(partial(forms.form, operation)),
            duty=duty,
        )

    return {operation.operation_id: make(operation) for operation in served.operations}
