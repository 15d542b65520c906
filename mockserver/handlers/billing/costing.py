"""What the usage of customers cost by bucket and group, as the lines of their invoices charge it before reductions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.costs import Amounts, Cost, CostSeries, settled, shared_out, stretch_prices
from mockserver.domain.counting import Statistic, count_usage
from mockserver.domain.decimals import added, metered_units, to_cents
from mockserver.domain.invoicing import BilledItem, Line, rated_lines
from mockserver.domain.portions import NOTHING
from mockserver.domain.rating import Dimensions, MeteredUsage, rate
from mockserver.domain.usage import CUSTOMER, bucket_starts
from mockserver.domain.windows import HOUR_S
from mockserver.handlers.billing.books import LOCKED_UNTIL, Account, Books
from mockserver.handlers.billing.catalogue import ADDING
from mockserver.handlers.billing.cost_query import CostQuery
from mockserver.handlers.billing.metering import Metering, question_of

_Parts = list[tuple[Mapping[str, str], dict[int, Decimal]]]
"""Parts of usage: the dimensions of each, and its units between each edge and the next."""


class CustomerCosts:
    """The costs of one customer.

    Args:
        account: what all books have in common.
        customer, product: whose books.
        query: what is asked.
    """

    def __init__(self, account: Account, customer: str, product: str, query: CostQuery) -> None:
        self._account, self._customer, self._query = account, customer, query
        self._books = Books(account, customer, product)
        self._by_edge: dict[tuple[str, tuple[str, ...], Statistic, bool], dict[tuple[str, ...], _Parts]] = {}

    def series(self) -> Iterator[CostSeries]:
        """The prices of the usage of each product item in each window, by group and bucket."""
        naming = self._account.catalogue.naming
        for window, lines in self._windows:
            for line in lines:
                name = naming.item(line.item_id)
                if self._query.admits_item(line.item_id, name):
                    for dimensions, prices in self._grouped(window, line):
                        group = self._query.group(self._customer, (line.item_id, name), dimensions)
                        yield CostSeries(group, self._in_buckets(prices))

    def reductions(self) -> Iterator[CostSeries]:
        """What cards and promotions took off invoices whose windows lie in the range, with the end of each window."""
        query = self._query
        whole = {
            window.start_s
            for window, _ in self._windows
            if query.start_s <= window.start_s and window.end_s <= query.end_s
        }
        for billed in self._books.all if whole else ():
            window, invoice = billed.invoice.window, billed.invoice
            if window.start_s in whole:
                cost = Cost(prepaid=invoice.prepaid, discount=invoice.total_discount)
                group = self._query.group(self._customer, ("", ""), {})
                yield CostSeries(group, {self._query.label(window.end_s - 1): cost})

    @property
    def billed_items(self) -> set[tuple[str, str]]:
        """The ids of the product items that are billed in the range, each with its meter."""
        charges = self._account.catalogue.charges
        plans = {window.plan_id for window, _ in self._windows}
        items = {(item.item_id, item.meter) for plan in plans for item in charges(plan).items}
        return items | {(line.item_id, line.meter) for _, lines in self._windows for line in lines}

    @cached_property
    def _windows(self) -> list[tuple[BillingWindow, Sequence[Line]]]:
        """The windows that overlap the range, oldest first, each with the lines that its invoice has."""
        if not self._books.assignments:
            return []
        found: list[tuple[BillingWindow, Sequence[Line]]] = []
        if self._books.book.get(LOCKED_UNTIL, self._query.start_s) > self._query.start_s:
            locked = (billed.invoice for billed in self._books.locked)
            found += [(invoice.window, invoice.lines) for invoice in locked if self._is_asked(invoice.window)]
        for window in filter(self._is_asked, self._books.windows):
            items = self._account.catalogue.charges(window.plan_id).items
            found.append((window, rated_lines(items, window, self._usage_in(window))))
        return found

    def _is_asked(self, window: BillingWindow) -> bool:
        return window.start_s < self._query.end_s and window.end_s > self._query.start_s

    def _usage_in(self, window: BillingWindow) -> Callable[[BilledItem], Sequence[MeteredUsage]]:
        return lambda item: self._books.metering.until(window, item, window.end_s)

    @cached_property
    def _metering(self) -> Metering:
        windows = [window for window, _ in self._windows]
        return Metering(self._account.call, self._account.catalogue, self._customer, windows)

    @cached_property
    def _edges(self) -> tuple[int, ...]:
        """Where windows and buckets begin and end, from the first window's start to the last one's end."""
        query, windows = self._query, [window for window, _ in self._windows]
        first, last = windows[0].start_s, max(window.end_s for window in windows)
        starts = bucket_starts(max(query.start_s, first), min(query.end_s, last), query.interval)
        cuts = {query.start_s, query.end_s, *starts}
        ends = {edge for window in windows for edge in (window.start_s, window.end_s)}
        return tuple(sorted(ends | {cut for cut in cuts if first < cut < last}))

    def _in_buckets(self, prices: Amounts) -> dict[int, Cost]:
        buckets: dict[int, list[Decimal]] = {}
        for second, price in prices.items():
            buckets.setdefault(self._query.label(second), []).append(price)
        return {label: Cost(price=added(amounts)) for label, amounts in buckets.items()}

    def _grouped(self, window: BillingWindow, line: Line) -> Iterator[tuple[Mapping[str, str], Amounts]]:
        """The prices in the range, shared out to the dimensions that are asked for."""
        query = self._query
        names = {*query.usage_dimensions, *query.usage_filters}
        for dimensions, prices in self._variants(window, line):
            asked = {second: price for second, price in prices.items() if query.start_s <= second < query.end_s}
            values = dict(dimensions)
            if names <= values.keys():
                if all(values[name] in admitted for name, admitted in query.usage_filters.items()):
                    yield values, asked
            elif asked:
                yield from self._shares(window, line, values, asked)

    def _shares(
        self, window: BillingWindow, line: Line, values: Mapping[str, str], prices: Amounts
    ) -> Iterator[tuple[Mapping[str, str], Amounts]]:
        """The prices of a variant shared out by units, or by events of a meter whose usage does not add up."""
        adds_up = self._account.catalogue.counting(line.meter).kind is MeterKind.SUM
        statistic = Statistic.SUM if adds_up else Statistic.COUNT
        priced = tuple(sorted(values))
        own = tuple(values[name] for name in priced)
        whole = self._usage(line.meter, priced, statistic).get(own, ())
        parts = self._usage(line.meter, priced, statistic, of_groups=True).get(own, ())
        units = _within(whole[0][1], window) if whole else {}
        shares = shared_out(prices, units, [_within(part, window) for _, part in parts])
        yield from ((info, share) for (info, _), share in zip(parts, shares, strict=True) if share)

    def _usage(
        self, meter: str, names: tuple[str, ...], statistic: Statistic, *, of_groups: bool = False
    ) -> Mapping[tuple[str, ...], _Parts]:
        """Units, or events, between the edges by the values of some dimensions.

        Args:
            meter: whose.
            names: the dimensions.
            statistic: units or events.
            of_groups: whether they are parted further by what the query groups and filters by.
        """
        key = (meter, names, statistic, of_groups)
        found = self._by_edge.get(key)
        if found is None:
            query = self._query
            more = (*query.usage_dimensions, *sorted(query.usage_filters)) if of_groups else ()
            question = replace(
                question_of(meter, self._edges[0], self._edges[-1]),
                group_by=tuple(dict.fromkeys((*names, *more))),
                filters={CUSTOMER: frozenset({self._customer}), **(query.usage_filters if of_groups else {})},
                edges=self._edges,
            )
            found = self._by_edge[key] = {}
            for group in count_usage(self._account.call.store.events.aggregate, question, ADDING, statistic).groups:
                units = {start: metered_units(value) for start, value in group.buckets}
                found.setdefault(tuple(group.info[name] for name in names), []).append((group.info, units))
        return found

    def _variants(self, window: BillingWindow, line: Line) -> list[tuple[Dimensions, Amounts]]:
        """What each variant of a line costs between the edges of its window; together what the line says.

        Where late usage, or another price since it was locked, would make another line of it, what usage would cost
        now says only how the prices of the line are shared out over time.
        """
        found = self._rated(window, line)
        if to_cents(added(price for prices in found.values() for price in prices.values())) == line.price:
            return list(found.items())
        return [
            (variant.dimensions, settled(found.get(variant.dimensions, {}), variant.price, window.start_s))
            for variant in line.variants
        ]

    def _rated(self, window: BillingWindow, line: Line) -> dict[Dimensions, Amounts]:
        items = self._account.catalogue.charges(window.plan_id).items
        item = next((each for each in items if each.item_id == line.item_id), None)
        if item is None:
            return {}
        edges = [edge for edge in self._edges if window.start_s <= edge <= window.end_s]
        coarse = not item.machine.needs_hours and self._account.catalogue.counting(item.meter).kind is MeterKind.SUM
        usage = self._usage_between(item, window) if coarse else self._metering.hourly(window, item)
        inside = () if coarse else [edge for edge in edges[1:-1] if edge % HOUR_S]
        until = {edge: self._prices_until(item, window, edge) for edge in inside}
        prices: dict[Dimensions, Amounts] = {}
        for variant in rate(item.machine, usage, window.start_s, window.end_s):
            leaf = item.machine.leaf_of(dict(variant.dimensions))
            flat_rate = NOTHING if leaf is None else leaf.flat_rate
            reached = {edge: found.get(variant.dimensions, flat_rate) for edge, found in until.items()}
            prices[variant.dimensions] = stretch_prices(variant, flat_rate, edges, reached)
        return prices

    def _usage_between(self, item: BilledItem, window: BillingWindow) -> list[MeteredUsage]:
        usage = []
        for [(info, everything)] in self._usage(item.meter, item.machine.dimensions, Statistic.SUM).values():
            units = _within(everything, window)
            if units:
                usage.append(MeteredUsage(tuple(sorted(info.items())), tuple(units.items())))
        return usage

    def _prices_until(self, item: BilledItem, window: BillingWindow, edge: int) -> dict[Dimensions, Decimal]:
        """What each variant costs until an edge that lies inside an hour."""
        usage = self._metering.until(window, item, edge)
        return {each.dimensions: each.price for each in rate(item.machine, usage, window.start_s, window.end_s)}


def _within(units: Amounts, window: BillingWindow) -> dict[int, Decimal]:
    return {second: amount for second, amount in units.items() if window.start_s <= second < window.end_s}
