"""The worked examples of docs/billing-rules.md: read from the page, set up over HTTP in a fresh account, and shown.

The page tells its readers how an example is written; here is what does it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import yaml

from specs import catalog
from tests.support.client import MockClient
from tests.support.roundtrip import difference

Json = dict[str, Any]

PAGE: Final = "docs/billing-rules.md"
_PART: Final = re.compile(r"^### (?P<title>[^\n]+)$|^```yaml example\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

NEW_YEAR: Final = datetime(2024, 1, 1, tzinfo=UTC)
CUSTOMER: Final = {"customerId": "ann", "customerName": "Ann"}
PLAN: Final = {
    "id": "basic",
    "productPlanName": "Basic",
    "billingPeriod": {"interval": "calendar_month", "intervalsCount": 1},
}
ONE_A_UNIT: Final = {"type": "LeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 1}]}
PRICES: Final = {"calls": ONE_A_UNIT, "storage": ONE_A_UNIT}
"""What an example has that says nothing else."""

GIVEN: Final = frozenset(
    {"clock", "strict", "empty", "customer", "meters", "price", "prices", "plan", "assignment", "steps", "ask"}
)
"""What an example may be given."""

STEPS: Final[Mapping[str, str]] = {
    "customer": "createCustomer",
    "price": "createOrUpdateProductItemPrice",
    "template": "createProductItemPriceFromTemplate",
    "plan": "createOrUpdateProductPlan",
    "assignment": "assignCustomerProductPlan",
    "settings": "updateBillingSettings",
    "rates": "createOrUpdateCurrencyExchangeRateTable",
    "promotion": "createOrUpdatePromotion",
    "applied": "applyCustomerPromotion",
    "order": "createCustomerPrepaidOrder",
    "published-order": "createPrepaidOrder",
    "extend": "extendPrepaidCard",
    "split": "splitPrepaidCard",
    "payment": "updateExternalPrepaidPaymentStatus",
    "commitment": "createOrUpdateCommitment",
}
"""The operations that steps call, by the steps' names."""


@dataclass(frozen=True)
class Example:
    """A fenced example of the page.

    Attributes:
        section: the rule that it is an example of.
        line: where in the page its fence is, from 1 on.
        given: what is set up.
        then: what there is to see, by the names of `VIEWS`.
    """

    section: str
    line: int
    given: Json
    then: Json

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{PAGE}:{self.line} ({self.section})"


def examples(page: str) -> Iterator[Example]:
    """The examples of a page in order.

    Raises:
        AssertionError: one has parts that are not known, or shows nothing.
    """
    section = ""
    for match in _PART.finditer(page):
        if match["title"]:
            section = match["title"]
            continue
        written = yaml.safe_load(match["text"])
        line = page.count("\n", 0, match.start()) + 1
        example = Example(section, line, written.pop("given", {}), wired(written.pop("then", {})))
        strange = [*written, *sorted(example.given.keys() - GIVEN), *sorted(example.then.keys() - VIEWS.keys())]
        assert example.then, f"{example.place}: nothing is shown"
        assert not strange, f"{example.place}: {strange}"
        yield example


def wired(value: Any, name: str = "") -> Any:
    """A value as it is on the wire: days and moments are numbers, of the unit that the field's name says."""
    if isinstance(value, Mapping):
        return {str(key): wired(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [wired(each, name) for each in value]
    if isinstance(value, date):
        return int(moment(value).timestamp()) * (1000 if name.endswith("Millis") else 1)
    return value


def moment(value: date) -> datetime:
    """The moment that a day begins with, or that a time of the page is."""
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.combine(value, time(), UTC)


def check(mock: MockClient, example: Example) -> None:
    """Sets an example up in a fresh account and compares what it shows.

    Raises:
        AssertionError: something is not as the page says; it tells the place in the page.
    """
    story = Story(mock)
    try:
        story.begin(example.given)
        for view, expected in example.then.items():
            fault = difference(expected, VIEWS[view](story, expected), view)
            assert not fault, fault
    except Exception as error:
        raise AssertionError(f"{example.place}: {error}") from error


class Story:
    """What an example does in its account, and what there is to see of it.

    Args:
        mock: the client of a fresh account.
    """

    def __init__(self, mock: MockClient) -> None:
        self._mock = mock
        self._now = NEW_YEAR
        self._answer: Any = None

    def begin(self, given: Json) -> None:
        """Sets up what is given, takes the steps and asks the question."""
        if given.get("strict"):
            self._mock.reset(strict=True)
        self._mock.clock(frozen=True)
        self._set_clock(moment(given.get("clock", NEW_YEAR)))
        if not given.get("empty"):
            self._set_up(given)
        for step in given.get("steps", ()):
            self._step(**step)
        for operation_id, body in given.get("ask", {}).items():
            self._answer = self._called(operation_id, body)

    def _set_up(self, given: Json) -> None:
        """The customer, what is priced, and the plan, from the present on."""
        self._take("customer", given.get("customer", CUSTOMER))
        prices = {"calls": given["price"]} if "price" in given else given.get("prices", PRICES)
        for name, price in prices.items():
            kind = given.get("meters", {}).get(name, "SUM_OF_ALL_USAGE")
            self._taken("createMeterDefinition", {"meterApiName": name, "displayName": name, "type": kind})
            item = {"id": name, "meterApiName": name, "productId": "1", "productItemName": name}
            self._taken("createOrUpdateProductItem", item)
            node = price if "price" in price else {"price": price}
            self._take("price", {"id": f"{name}-price", "productItemId": name, **node})
        billed = {"productItemPriceIdsMap": {name: f"{name}-price" for name in prices}}
        self._take("plan", {**billed, **given.get("plan", {})})
        self._assign("ann", **given.get("assignment", {}))

    def _assign(self, customer: str, **more: Any) -> None:
        body = {"customerId": customer, "productPlanId": "basic", "startTimeInSeconds": self._now, **more}
        self._take("assignment", body)

    def _step(self, refused: str = "", **step: Any) -> None:
        """One step; `refused` has the status, the field and the rule of a request that must fail."""
        [(name, what)] = step.items()
        assert not refused or name in STEPS, f"{name} cannot be refused"
        if name == "clock":
            self._set_clock(moment(what))
        elif name == "usage":
            self._use(what if isinstance(what, list) else [what])
        elif name == "months":
            self._use_by_months(what)
        else:
            self._take(name, what, refused)

    def _take(self, name: str, body: Json, refused: str = "") -> None:
        if name == "plan":
            body = {**PLAN, **body}
        if "prepaidUri" in body:
            order = self._taken("getPrepaidOrder", {"CustomerId": "ann", "Id": body["prepaidUri"]})
            body = {**body, "customerId": "ann", "prepaidUri": order["firstInvoiceUri"]}
        self._taken(STEPS[name], body, refused)

    def _taken(self, operation_id: str, body: Any, refused: str = "") -> Json:
        """The answer of a request that must be answered as it should be."""
        answer = self._called(operation_id, body)
        told = f"{answer['status']} {answer.get('details', '')}" if answer["status"] >= 400 else ""
        assert told == refused, f"{operation_id} of {body}: {told or 'accepted'} {answer.get('message', '')}"
        return answer

    def _called(self, operation_id: str, body: Any) -> Json:
        """The answer with its HTTP status; what is no object is under `list`."""
        operation = catalog.served().operation(operation_id)
        sent = {"params" if operation.method == "GET" else "json": wired(body)}
        response = self._mock.request(operation.method, operation.path, **sent)
        found = response.json()
        return {**(found if isinstance(found, dict) else {"list": found}), "status": response.status_code}

    def _set_clock(self, to: datetime) -> None:
        self._now = to
        self._mock.clock(now=to.isoformat())

    def _use(self, usages: list[Json], customer: str = "ann") -> None:
        """Sends events: units by meter, with their moment and their dimensions."""
        events = []
        for usage in usages:
            units = {meter: value for meter, value in usage.items() if meter not in ("at", "dimensions")}
            whose = {"customerId": customer, "dimensions": usage.get("dimensions", {})}
            when = {"meterTimeInMillis": moment(usage.get("at", self._now))}
            events += [{"meterApiName": meter, "meterValue": value, **whose, **when} for meter, value in units.items()]
        self._taken("ingestMeterEvents", events)

    def _use_by_months(self, months: list[Json]) -> None:
        """Sends usage of the present month and of those after it, each at noon of its twelfth day."""
        first = self._now.replace(day=1, hour=0, minute=0, second=0)
        for usage in months:
            self._set_clock(first + timedelta(days=11, hours=12))
            self._use([usage])
            first = (first + timedelta(days=31)).replace(day=1)

    def invoices(self, _expected: Any = None) -> list[Json]:
        """The customer's invoices with their hours, oldest first."""
        asked = {"customerId": "ann", "withHourlyBills": "true"}
        found: list[Json] = self._taken("listCustomerProductInvoices", asked)["list"]
        return found[::-1]

    def bills(self, expected: Json) -> Json:
        """Figures of the bills of all invoices, oldest first, by their names."""
        bills = [each["totalBill"] for each in self.invoices()]
        return {name: [bill.get(name) for bill in bills] for name in expected}

    def variants(self, _expected: Any) -> list[Json]:
        """The variants of the lines of the last invoice, each with its dimensions and its bill in one."""
        return [
            {**each["totalBill"], "itemDimensions": each["itemDimensions"]} for each in _variants(self.invoices()[-1])
        ]

    def prices(self, expected: Json) -> Json:
        """What numbers of units of `calls` cost, each used by a customer of its own, before the line is rounded."""
        found = {}
        for units in expected:
            customer = f"user of {units}"
            self._assign(customer)
            self._use([{"calls": float(units)}], customer)
            invoice = self._taken("getCustomerProductInvoice", {"customerId": customer, "latest": "true"})
            [variant] = _variants(invoice)
            found[units] = variant["totalBill"]["price"]
        return found

    def cards(self, _expected: Any) -> list[Json]:
        """The customer's prepaid cards, by their start."""
        found: list[Json] = self._taken("getPrepaidWallet", {"customerId": "ann"})["prepaidCards"]
        return found

    def plans(self, _expected: Any) -> list[Json]:
        """The plans that the customer was given, in order of time."""
        found: list[Json] = self._taken("listCustomerPlans", {"CustomerId": "ann"})["list"]
        return found

    def answer(self, _expected: Any) -> Any:
        """What the question at the end was answered."""
        return self._answer


def _variants(invoice: Json) -> list[Json]:
    return [variant for line in invoice["productItemInvoices"] for variant in line["productItemVariants"]]


VIEWS: Final[Mapping[str, Callable[[Story, Any], Any]]] = {
    "bills": Story.bills,
    "invoices": Story.invoices,
    "variants": Story.variants,
    "prices": Story.prices,
    "cards": Story.cards,
    "plans": Story.plans,
    "answer": Story.answer,
}
"""What an example may show: (the story, what the page says) -> what there is to see."""
