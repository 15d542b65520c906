"""Plans, credit and invoices as laws speak of them, and how the live form of the API writes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from contracts.checks.asking import Reply
from contracts.laws.law import Unclear
from contracts.laws.metering import DAY, HOUR, UNREADABLE, Event, Question, same
from contracts.laws.trial import Trial

PRODUCT = "1"
RATE = 2
"""What a unit costs."""

PLAIN = ((0, RATE),)
FALLING = ((0, RATE), (10, 1))
"""Two a unit, and from the tenth on one."""

MONTH, ONE_DAY = "month", "day"

_CENT = 0.01
LIST, LATEST = "listCustomerProductInvoices", "getCustomerProductInvoice"
SELLS = frozenset(
    {
        "createMeter",
        "createCustomer",
        "createOrUpdateProductItem",
        "createOrUpdateProductItemPrice",
        "createOrUpdateProductPlan",
        "assignCustomerProductPlan",
        "ingestMeterEvents",
    }
)
"""What it takes to have a customer billed."""

DISCOUNTS = frozenset({"createOrUpdatePromotion", "applyCustomerPromotion"})
PREPAYS = "createCustomerPrepaidOrder"

Tiers = Sequence[tuple[float, float]]


def midnight(trial: Trial, days: int = 3) -> int:
    """The first second of the account's UTC day so many days ago."""
    return int(trial.moment()) // DAY * DAY - days * DAY


def price_item(trial: Trial, tiers: Tiers = PLAIN, word: str = "") -> None:
    """A meter, a product item of it, and what its units cost, by the unit: tiers as (from, price).

    Args:
        trial: Whose keys they get.
        tiers: The units from which a price holds, and the price.
        word: Tells several of one trial apart.
    """
    meter, item = trial.key(f"m{word}"), trial.key(f"i{word}")
    trial.metering.define(meter)
    write = trial.talk.write
    named = {"id": item, "productId": PRODUCT, "meterApiName": meter, "productItemName": item}
    write("createOrUpdateProductItem", named)
    reprice(trial, tiers, word)


def reprice(trial: Trial, tiers: Tiers, word: str = "") -> None:
    """Sets what units of an item cost."""
    rows = [{"startAfterUnit": start, "batchSize": 1, "pricePerBatch": price} for start, price in tiers]
    price = {"type": "PricePerUnitLeafNode", "tiers": rows}
    named = {"id": trial.key(f"r{word}"), "productItemId": trial.key(f"i{word}"), "productItemPriceName": "by the unit"}
    trial.talk.write("createOrUpdateProductItemPrice", {**named, "price": price})


def plan(trial: Trial, *words: str, fee: float = 0, minimum: float = 0, interval: str = MONTH) -> None:
    """A plan over the items of these words, with a fee and a least payment where they are above 0."""
    body = {
        "id": trial.key("p"),
        "productId": PRODUCT,
        "productPlanName": trial.key("p"),
        "billingPeriod": {"interval": interval, "intervalsCount": 1},
        "productItemPriceIdsMap": {trial.key(f"i{word}"): trial.key(f"r{word}") for word in words or ("",)},
        **({"feeMap": {"fee": {"id": "fee", "name": "Fee", "cost": fee}}} if fee else {}),
        **({"planMinimumPayment": minimum} if minimum else {}),
    }
    trial.talk.write("createOrUpdateProductPlan", body)


def join(trial: Trial, customer: str, start: int) -> None:
    """Registers a customer and puts it on the plan."""
    trial.metering.register(customer)
    body = {"customerId": customer, "productPlanId": trial.key("p"), "productId": PRODUCT, "startTimeInSeconds": start}
    trial.talk.write("assignCustomerProductPlan", body)


def discount(trial: Trial, customer: str, start: int, amount: float) -> None:
    """Takes an amount off the customer's invoices."""
    promotion = trial.key("f")
    body = {"id": promotion, "type": "time_limited_absolute_product_discount", "promotionName": "An amount off"}
    trial.talk.write("createOrUpdatePromotion", {**body, "targetProductId": PRODUCT, "discount": amount})
    applied = {"customerId": customer, "promotionId": promotion, "productId": PRODUCT}
    trial.talk.write("applyCustomerPromotion", {**applied, "appliedTimeRange": {"startTimeInSeconds": start}})


def prepay(trial: Trial, customer: str, start: int, order: tuple[float, float], word: str = "") -> None:
    """Credit that a customer buys once: what it costs, and what it is worth."""
    price, worth = order
    more = {"originalWorth": worth} if worth != price else {}
    body = {"id": trial.key(f"o{word}"), "customerId": customer, "productId": PRODUCT, "startTimeInSeconds": start}
    trial.talk.write(PREPAYS, {**body, "prepaidPrice": price, **more})


def use(trial: Trial, customer: str, first: int, *amounts: float, word: str = "", apart: int = HOUR) -> None:
    """Sends an event for each amount as one batch, the first of that second and the others so many seconds apart."""
    trial.metering.send(
        *(
            Event(trial.key(f"m{word}"), customer, at, each, f"{customer}{word}-{at}")
            for at, each in zip(count(first, apart), amounts, strict=False)
        )
    )


@dataclass(frozen=True)
class Line:
    """What an invoice charges for a product item.

    Args:
        units: What was used.
        price: What it costs.
    """

    units: float
    price: float


@dataclass(frozen=True)
class Invoice:
    """An invoice in the live form.

    Args:
        start: The first second of its time.
        end: The first second after it.
        status: How far its amounts are settled.
        grace: Hours after its end in which late events still count.
        lines: By product item.
        fees: Of the plan, by id.
        based: The fees that follow from the invoice itself, together.
        taken: What promotions took off, by promotion.
        owed: What commitments add, together.
        bill: Every total, by its name.
        left: What the customer's prepaid cards still hold; None when it is not told.
        reply: The answer in which it stands.
    """

    start: int
    end: int
    status: str
    grace: int
    lines: Mapping[str, Line]
    fees: Mapping[str, float]
    based: float
    taken: Mapping[str, float]
    owed: float
    bill: Mapping[str, float]
    left: float | None
    reply: Reply

    @property
    def usage(self) -> float:
        """All lines added up."""
        return sum(line.price for line in self.lines.values())

    def ours(self, *promotions: str) -> bool:
        """Whether nothing but these promotions makes it cheaper, and no commitment dearer."""
        return set(self.taken) <= set(promotions) and not self.owed


def invoices(trial: Trial, customer: str, operation_id: str = LIST) -> tuple[Invoice, ...]:
    """A customer's invoices, as computed now.

    Args:
        trial: Whose talk asks.
        customer: Whose they are.
        operation_id: `LIST` for all, `LATEST` for the open one.

    Raises:
        Unclear: There was no answer of success, or it is not as documented.
    """
    query = {"customerId": customer, "fromCache": "false", **({"latest": "true"} if operation_id == LATEST else {})}
    reply = trial.talk.want(operation_id, query=query)
    answer = reply.json()
    found = answer if isinstance(answer, list) else [answer] if answer else []
    try:
        return tuple(_read(each, reply) for each in found)
    except UNREADABLE:
        raise Unclear("an invoice cannot be read; response_schema_conformance looks at its form") from None


def require_lines(found: Sequence[Invoice]) -> None:
    """That usage is billed at all.

    Raises:
        Unclear: It is not, and nothing can be told from that but by the law that looks at it.
    """
    if not any(each.lines for each in found):
        raise Unclear("no invoice has a line of the usage; invoice_total_adds_up looks at that")


def require_charged(charged: float) -> None:
    """That anything is charged; the published form defines no plans, so that there it need not be so.

    Raises:
        Unclear: It is not.
    """
    if charged <= 0:
        raise Unclear("the customer is on a plan, has usage, and is charged nothing")


def require_counted(trial: Trial, customer: str, sent: float, times: tuple[int, int], word: str = "") -> None:
    """That what a customer was sent is what the usage query tells, before a bill of it is called wrong.

    Args:
        trial: Whose meter it is.
        customer: Whose usage.
        sent: How much.
        times: The first second of it, and the first one after it.
        word: Which meter.

    Raises:
        Unclear: It is not, so that the bill may be right of what was counted.
    """
    told = trial.metering.total(Question(trial.key(f"m{word}"), *times, customers=(customer,)))
    if not same(told, sent):
        raise Unclear(f"the usage query tells {told:g} where {sent:g} were sent; the laws of ingestion look at that")


def _read(found: Any, reply: Reply) -> Invoice:
    lines = {
        each["productItemId"]: Line(amount(each["totalBill"]["meterUnits"]), amount(each["totalBill"]["price"]))
        for each in found["productItemInvoices"]
    }
    return Invoice(
        start=found["invoiceStartTimeInSeconds"],
        end=found["invoiceEndTimeInSeconds"],
        status=found["invoicePriceStatus"],
        grace=found.get("gracePeriodInHours") or 0,
        lines=lines,
        fees={each["id"]: amount(each["cost"]) for each in found.get("productPlanFees") or ()},
        based=sum(amount(each["feeAmount"]) for each in found.get("appliedInvoiceBasedFees") or ()),
        taken={each["promotionId"]: amount(each["discount"]) for each in found.get("appliedPromotions") or ()},
        owed=sum(amount(each["feeAmount"]) for each in found.get("appliedCommitments") or ()),
        bill={name: amount(value) for name, value in found["totalBill"].items() if not name.endswith("InSeconds")},
        left=None if found.get("availablePrepaidLeft") is None else amount(found["availablePrepaidLeft"]),
        reply=reply,
    )


def amount(value: Any) -> float:
    """An amount of an answer; null is none.

    Raises:
        TypeError: It is no number.
    """
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return value


def equal(one: float, other: float) -> bool:
    """Whether two amounts of money are the same, to the cent."""
    return abs(one - other) < _CENT / 2 + 1e-9


def sums(invoice: Invoice) -> Iterator[tuple[str, str, float]]:
    """What each total of an invoice has to be: its name, what it is made of, and the amount."""
    bill = invoice.bill
    part = {name: bill.get(name, 0) for name in (*_PARTS, *_STEPS)}
    yield "itemPrice", f"its {len(invoice.lines)} lines of usage", invoice.usage
    yield "fixPrice", "the fees of the plan", sum(invoice.fees.values())
    yield "invoiceBasedFees", "the fees that follow from the invoice", invoice.based
    yield "totalDiscount", "what the promotions on it took off", sum(invoice.taken.values())
    yield "commitmentsFees", "what commitments add", invoice.owed
    before = part["itemPrice"] + part["fixPrice"] + part["invoiceBasedFees"]
    yield "totalPriceBeforeDiscount", "itemPrice + fixPrice + invoiceBasedFees", before
    discounted = part["totalPriceBeforeDiscount"] - part["totalDiscount"]
    yield "totalPriceBeforePrepaid", "totalPriceBeforeDiscount - totalDiscount", discounted
    due = part["totalPriceBeforePrepaid"] - part["prepaid"] + part["commitmentsFees"]
    yield "totalPrice", "totalPriceBeforePrepaid - prepaid + commitmentsFees", due


_PARTS = ("itemPrice", "fixPrice", "invoiceBasedFees", "totalDiscount", "prepaid", "commitmentsFees")
_STEPS = ("totalPriceBeforeDiscount", "totalPriceBeforePrepaid", "totalPrice")
