"""How the law of locked invoices is tried: a billing period ends, and what comes after it changes nothing."""

from collections.abc import Mapping
from typing import Any

from contracts.laws import bills
from contracts.laws.bills import Invoice
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import DAY, HOUR
from contracts.laws.trial import Trial

_LOCKED = "price_locked"
SETTINGS = "getBillingSettings", "updateBillingSettings"
_GRACE = "gracePeriodInHours"
_LONGEST_GRACE = 7 * 24
"""Hours; where it is longer it is set to a day, so that the clock need not be moved by as much."""
_WAITS = 3

Kept = Mapping[str, float | str]
"""What an invoice says that no longer changes, by the words for it."""


def locked_invoices_never_change(trial: Trial, _case: Any) -> None:
    """Bills a day, lets it be locked, and then sends late usage and changes what it was billed by."""
    customer, start = trial.key("c"), bills.midnight(trial, days=0)
    bills.price_item(trial)
    bills.plan(trial, fee=5, interval=bills.ONE_DAY)
    bills.join(trial, customer, start)
    bills.discount(trial, customer, start, 1)
    bills.prepay(trial, customer, start, (4, 4))
    bills.use(trial, customer, start, 3)
    locked = _wait(trial, customer)
    trial.talk.tell_here()
    bills.use(trial, customer, start + 1, 7)
    bills.reprice(trial, ((0, 3 * bills.RATE),))
    bills.plan(trial, fee=50, interval=bills.ONE_DAY)
    _is_as_before(trial, customer, locked, "usage that came late, and another price and fee")
    trial.advance(DAY)
    _is_as_before(trial, customer, locked, "another day")


def _wait(trial: Trial, customer: str) -> Invoice:
    """The invoice of the first period, when its amounts are final."""
    for _ in range(_WAITS):
        invoice = _first(trial, customer)
        if invoice.status == _LOCKED:
            return invoice
        grace = invoice.grace if invoice.grace <= _LONGEST_GRACE else _shorten(trial)
        left = invoice.end + grace * HOUR - trial.moment()
        trial.advance(max(int(left) + 1, HOUR))
    raise Unclear(f"the invoice of a period that is over, and its grace too, is {_first(trial, customer).status}")


def _shorten(trial: Trial) -> int:
    """Sets the account's grace period to a day; everything else stays as it was set."""
    read, write = SETTINGS
    settings, grace = trial.talk.want(read).json(), 24
    if not isinstance(settings, dict):
        raise Unclear("the settings cannot be read; response_schema_conformance looks at their form")
    trial.talk.write(write, {**settings, _GRACE: grace})
    return grace


def _first(trial: Trial, customer: str) -> Invoice:
    found = bills.invoices(trial, customer)
    bills.require_lines(found)
    return min((each for each in found if each.lines), key=lambda each: each.start)


def _is_as_before(trial: Trial, customer: str, locked: Invoice, after: str) -> None:
    before, now = _kept(locked), _kept(_first(trial, customer))
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if changed:
        expected = f"that an invoice, once it was {_LOCKED}, is the same after {after}: {_listed(before, changed)}"
        raise Broken(expected, f"it has {_listed(now, changed)}")


def _kept(invoice: Invoice) -> Kept:
    lines = {
        f"{what} of the line": getattr(line, what) for line in invoice.lines.values() for what in ("units", "price")
    }
    fees = {f"fee {name}": cost for name, cost in invoice.fees.items()}
    taken = {f"discount of {name}": amount for name, amount in invoice.taken.items()}
    return {"invoicePriceStatus": invoice.status, **invoice.bill, **lines, **fees, **taken}


def _listed(kept: Kept, names: list[str]) -> str:
    return ", ".join(f"{name} {kept.get(name, 'absent')}" for name in names)
