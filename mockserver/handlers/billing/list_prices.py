"""What units cost without a discount: the list price of credit that is bought by usage."""

from collections.abc import Mapping
from decimal import Decimal

from mockserver.domain.decimals import added, exactly, to_cents
from mockserver.domain.invoicing import BilledItem
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.rating import MeteredUsage, rate
from mockserver.engine.call import Call
from mockserver.handlers.billing.books import Account, Books


def list_price(call: Call, customer: str, product: str, units: Mapping[str, float]) -> Decimal:
    """The price of units of product items or meters by the plan that the customer is on, in whole cents.

    What that plan does not bill, or prices by dimensions, costs the server's price a unit (our reading).

    Args:
        call: the request.
        customer: who buys.
        product: of which product.
        units: by the id of a product item or the name of a meter.
    """
    books = Books(Account(call), customer, product)
    window = next(reversed(books.windows), None)
    items = books.account.catalogue.charges(window.plan_id).items if window else []
    by_name = {name: item for item in items for name in (item.meter, item.item_id)}
    flat = PriceMachine.per_unit(call.policy.unit_price)
    return to_cents(added(_price(by_name.get(name), flat, exactly(number)) for name, number in units.items()))


def _price(item: BilledItem | None, flat: PriceMachine, units: Decimal) -> Decimal:
    plain = item is not None and not item.machine.dimensions and not item.machine.needs_hours
    machine = item.machine if item is not None and plain else flat
    return added(each.price for each in rate(machine, [MeteredUsage((), ((0, units),))], 0, 1))
