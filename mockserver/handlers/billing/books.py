"""A customer's invoices: the locked ones as they were kept, the others computed at each reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from mockserver.domain.billing_periods import Assignment, BillingWindow, billing_windows, next_second
from mockserver.domain.books import Billable, Carry, bill
from mockserver.domain.decimals import added, nearly_equal
from mockserver.domain.discounts import Absolute
from mockserver.domain.drawdown import PayingCard
from mockserver.domain.exchange import Exchange
from mockserver.domain.invoicing import Invoice, Line, PriceStatus, price_status, rated_lines
from mockserver.domain.obligations import Contract
from mockserver.domain.portions import NOTHING
from mockserver.domain.rating import UnitsBill, rate
from mockserver.engine.call import Call
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.catalogue import Catalogue
from mockserver.handlers.billing.due import BOOKS, book_key
from mockserver.handlers.billing.keys import invoice_key, invoice_uri
from mockserver.handlers.billing.metering import Metering
from mockserver.handlers.billing.records import (
    INVOICES,
    Billed,
    Terms,
    billed_from_record,
    carry_from_record,
    record_key,
)
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.contracts import contracts_of
from mockserver.handlers.currencies import credit_worth, exchange_of
from mockserver.handlers.offers import Offers, Promotions
from mockserver.handlers.plan_assignments import assignments_of
from mockserver.handlers.prepaid_draws import paying_cards
from mockserver.handlers.product_items import DEFAULT_PRODUCT

CARRY: Final = "carry"
LOCKED_UNTIL: Final = "lockedUntilS"
SHELF: Final = "lockedStartsS"
"""Where a book has its balance, until when its invoices are locked, and the starts of those."""


class Account:
    """What the books of all customers of an account have in common, read once."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.catalogue = Catalogue(call)
        self.promotions = Promotions(call)

    @cached_property
    def settings(self) -> JsonObject:
        """The settings of billing."""
        return settings_of(self.call)

    @property
    def grace_hours(self) -> int:
        """How long after their end invoices take late events."""
        hours: int = self.settings.get("gracePeriodInHours") or 0
        return hours

    @cached_property
    def unit_ratio(self) -> Decimal | None:
        """What a credit unit is worth in the account's currency; None without one."""
        return credit_worth(self.call)


class Books:
    """The invoices of one customer for one product.

    Args:
        account: what the books have in common.
        customer, product: whose.
    """

    def __init__(self, account: Account, customer: str, product: str = DEFAULT_PRODUCT) -> None:
        self.account, self.customer, self.product = account, customer, product
        self._call = account.call
        self._lines_now: dict[int, list[Line]] = {}

    @cached_property
    def book(self) -> JsonObject:
        """What is kept of the books besides the locked invoices."""
        return self._call.store.collection(BOOKS).get(book_key(self.customer, self.product)) or {}

    @cached_property
    def assignments(self) -> list[Assignment]:
        """The customer's plans, with the ends that they have in the face of each other."""
        return [
            Assignment(
                plan_id=each.get("productId", ""),
                start_ms=each["startTime"],
                end_ms=each.get("endTime"),
                made_ms=each["createTime"],
                period=self.account.catalogue.period(each.get("productId", "")),
            )
            for each in assignments_of(self._call, self.customer)
            if each["product"] == self.product
        ]

    @cached_property
    def windows(self) -> list[BillingWindow]:
        """The windows that have begun and are not locked, oldest first."""
        windows = [window for assignment in self.assignments for window in self._windows_of(assignment)]
        return sorted(windows, key=lambda window: window.start_s)

    def _windows_of(self, assignment: Assignment) -> list[BillingWindow]:
        windows = list(billing_windows(assignment, self._call.now_ms, self.book.get(LOCKED_UNTIL)))
        if windows and not windows[0].is_first and not self._was_billed(assignment):
            windows[0] = replace(windows[0], opens=True)
        return windows

    def _was_billed(self, assignment: Assignment) -> bool:
        """Whether a locked invoice is of this assignment, and not of one whose place it took."""
        since_s, kept = next_second(assignment.start_ms), self._call.store.collection(INVOICES)
        starts = (start_s for start_s in reversed(self.book.get(SHELF, ())) if start_s >= since_s)
        records = (kept.get(record_key(self.customer, self.product, start_s)) for start_s in starts)
        return any(record is not None and record["planId"] == assignment.plan_id for record in records)

    @cached_property
    def locked(self) -> list[Billed]:
        """The locked invoices, oldest first."""
        kept = self._call.store.collection(INVOICES)
        records = (kept.get(record_key(self.customer, self.product, each)) for each in self.book.get(SHELF, ()))
        return [billed_from_record(record) for record in records if record is not None]

    @property
    def live(self) -> list[Billed]:
        """The invoices that are not locked, oldest first."""
        return [billed for billed, _ in self._folded]

    @property
    def after(self) -> Carry:
        """What all invoices together used up."""
        return self._folded[-1][1] if self._folded else self.carry

    @property
    def spendable(self) -> Decimal:
        """What the customer's cards can still pay at present."""
        now_s, drawn = self._call.now_ms // 1000, self.after.drawn
        return added(
            replace(card, used_before=added([card.used_before, drawn.get(card.uri, NOTHING)])).available
            for card in self._cards
            if card.is_spendable(now_s)
        )

    @cached_property
    def draws(self) -> Mapping[str, Sequence[tuple[str, Decimal]]]:
        """What was drawn of each card by its URI: the URIs of the invoices and the amounts, oldest first."""
        draws: dict[str, list[tuple[str, Decimal]]] = {}
        for billed in self.all:
            for draw in billed.invoice.draws:
                draws.setdefault(draw.uri, []).append((self.uri(billed), draw.amount))
        return draws

    def uri(self, billed: Billed) -> str:
        """How an invoice is named."""
        return invoice_uri(invoice_key(self._call.account_id, self.customer, self.product, billed.invoice.window))

    def free_left(self, billed: Billed) -> Decimal:
        """What the free tier of an invoice's plan has left."""
        tier = self.account.catalogue.charges(billed.invoice.window.plan_id).free_tier
        if tier is None or not isinstance(tier.model, Absolute):
            return NOTHING
        used = (each.amount.copy_negate() for each in billed.invoice.discounts if each.offer.id == tier.id)
        return added([tier.model.amount, *used])

    def lines_now(self, billed: Billed) -> list[Line]:
        """The lines that a locked invoice would have, were its usage rated again."""
        window = billed.invoice.window
        lines = self._lines_now.get(window.start_s)
        if lines is None:
            items = self.account.catalogue.charges(window.plan_id).items
            lines = rated_lines(items, window, lambda item: self._locked_usage.until(window, item, window.end_s))
            self._lines_now[window.start_s] = lines
        return lines

    def late_units(self, line: Line, billed: Billed) -> dict[tuple[tuple[str, str], ...], Decimal]:
        """The units of a line that came after its invoice was locked, by the dimensions of the variants."""
        then = {variant.dimensions: variant.units for variant in line.variants}
        now = next((each.variants for each in self.lines_now(billed) if each.item_id == line.item_id), ())
        known = ((each.dimensions, each.units, then.get(each.dimensions, NOTHING)) for each in now)
        return {
            dimensions: added([units, before.copy_negate()])
            for dimensions, units, before in known
            if not nearly_equal(units, before)
        }

    def hours(self, line: Line, billed: Billed) -> dict[tuple[tuple[str, str], ...], tuple[UnitsBill, ...]]:
        """The hours of each variant of a line; of a locked one, as long as its usage is still what was billed."""
        window = billed.invoice.window
        items = self.account.catalogue.charges(window.plan_id).items
        item = next((each for each in items if each.item_id == line.item_id), None)
        if item is None:
            return {}
        usage = (self._locked_usage if billed.is_locked else self.metering).hourly(window, item)
        rated = {each.dimensions: each for each in rate(item.machine, usage, window.start_s, window.end_s)}
        return {
            variant.dimensions: rated[variant.dimensions].bills
            for variant in line.variants
            if variant.dimensions in rated and nearly_equal(rated[variant.dimensions].units, variant.units)
        }

    @cached_property
    def metering(self) -> Metering:
        """The customer's usage in the windows that are not locked."""
        return Metering(self._call, self.account.catalogue, self.customer, self.windows)

    @cached_property
    def _folded(self) -> list[tuple[Billed, Carry]]:
        return list(self.billed(self.windows))

    @cached_property
    def _locked_usage(self) -> Metering:
        windows = [billed.invoice.window for billed in self.locked]
        return Metering(self._call, self.account.catalogue, self.customer, windows)

    @property
    def all(self) -> list[Billed]:
        """Every invoice, oldest first."""
        return [*self.locked, *self.live]

    @property
    def carry(self) -> Carry:
        """What the locked invoices used up."""
        return carry_from_record(self.book.get(CARRY))

    def billed(self, windows: Sequence[BillingWindow]) -> Iterator[tuple[Billed, Carry]]:
        """The invoices of the first unlocked windows, each with what is carried on from it.

        A plan that is not defined has no invoice for a window that has ended without usage, but where a commitment may
        make something due.
        """
        now_s = self._call.now_ms // 1000
        wanted = [window for window in windows if self._has_invoice(window)]
        for invoice, carry in bill(map(self._billable, wanted), self.carry, now_s):
            yield Billed(invoice, self._terms(invoice)), carry

    def status(self, billed: Billed) -> PriceStatus:
        """How far the price of an invoice is settled."""
        return price_status(billed.invoice.window, self._call.now_ms, locked=billed.is_locked)

    def _has_invoice(self, window: BillingWindow) -> bool:
        is_running = window.end_s * 1000 > self._call.now_ms
        is_under_contract = any(each.start_s < window.end_s and window.start_s < each.end_s for each in self._contracts)
        if self.account.catalogue.is_defined(window.plan_id) or is_running or is_under_contract:
            return True
        return window.start_s in self._used

    @cached_property
    def _used(self) -> set[int]:
        """Where the windows start in which the customer used anything: of hundreds of meters, each is asked once."""
        return self.metering.used(self.account.catalogue.undefined.items)

    def _billable(self, window: BillingWindow) -> Billable:
        return Billable(
            window=window,
            charges=self.account.catalogue.charges(window.plan_id),
            usage_of=lambda item, until_s: self.metering.until(window, item, until_s),
            offers=self._offers.for_window(window.plan_id, window.start_s, window.end_s, window.period_start_s),
            cards=self._cards,
            contracts=self._contracts,
        )

    @cached_property
    def _offers(self) -> Offers:
        return Offers(self.account.promotions, self._call, self.customer, self.product)

    @cached_property
    def _cards(self) -> Sequence[PayingCard]:
        since_s = self.windows[0].start_s if self.windows else self._call.now_ms // 1000
        return paying_cards(self._call, self.customer, self.product, since_s)

    @cached_property
    def _contracts(self) -> Sequence[Contract]:
        return contracts_of(self._call, self.customer) if self.product == DEFAULT_PRODUCT else []

    def _terms(self, invoice: Invoice) -> Terms:
        naming, plan_id = self.account.catalogue.naming, invoice.window.plan_id
        return Terms(
            plan_name=naming.plan(plan_id),
            items={line.item_id: naming.item(line.item_id) for line in invoice.lines},
            period=self.account.catalogue.period(plan_id),
            exchange=self._exchange,
            grace_hours=self.account.grace_hours,
            unit_ratio=self.account.unit_ratio,
        )

    @cached_property
    def _exchange(self) -> Exchange:
        return exchange_of(self._call, self.customer, self.product)


def books_of(call: Call, customer: str, product: str = DEFAULT_PRODUCT) -> Books:
    """One customer's books, for a request that reads no others."""
    return Books(Account(call), customer, product)
