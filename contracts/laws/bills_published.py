"""Plans, credit and invoices as the published form of the API writes them.

That form defines no plans, so a customer is put on one of the run's own name, and nothing is known of its prices.
"""

from dataclasses import dataclass

from contracts.checks.asking import Reply
from contracts.laws.bills import amount
from contracts.laws.law import Unclear
from contracts.laws.metering import DAY, UNREADABLE
from contracts.laws.trial import Trial

LIST, ASSIGN, PREPAY = "listInvoices", "assignPricingPlan", "createPrepaidOrder"
SELLS = frozenset({"createMeterDefinition", "createCustomer", ASSIGN, "ingestMeterEvents"})
"""What it takes to have a customer billed."""


def midnight(trial: Trial) -> int:
    """The first second of the account's UTC day.

    Plans begin with it, since an order says nothing of its start: it may pay what is due from the present on alone.
    """
    return int(trial.moment()) // DAY * DAY


def join(trial: Trial, customer: str, start: int) -> None:
    """Registers a customer and puts it on a plan."""
    trial.metering.register(customer)
    trial.talk.write(ASSIGN, {"customerId": customer, "productId": trial.key("p"), "startTime": start * 1000})


def prepay(trial: Trial, customer: str, price: float) -> None:
    """Records what a customer paid in advance."""
    trial.talk.write(PREPAY, {"customerId": customer, "amount": price})


@dataclass(frozen=True)
class Invoice:
    """An invoice in the published form.

    Args:
        start: The first second of its time.
        end: The first second after it.
        total: The amount charged.
        currency: Its code.
        status: How far it is.
        reply: The answer in which it stands.
    """

    start: int
    end: int
    total: float
    currency: str
    status: str
    reply: Reply


def invoices(trial: Trial, customer: str) -> tuple[Invoice, ...]:
    """A customer's invoices, by their start.

    Raises:
        Unclear: There was no answer of success, or it is not as documented.
    """
    reply = trial.talk.want(LIST, query={"customerId": customer})
    try:
        found = [
            Invoice(
                each["startTime"], each["endTime"], amount(each["totalAmount"]), each["currency"], each["status"], reply
            )
            for each in reply.json()
        ]
        return tuple(sorted(found, key=lambda each: each.start))
    except UNREADABLE:
        raise Unclear("an invoice cannot be read; response_schema_conformance looks at its form") from None


def total(trial: Trial, customer: str) -> float:
    """What a customer is charged on all invoices together."""
    return sum(each.total for each in invoices(trial, customer))
