"""The question about costs that a query asks, in the domain's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mockserver.domain.usage import Take
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start

CUSTOMER_NAMES: Final = ("customer_id", "customerId")
ITEM_KEY: Final = "product_item_key"
ITEM_NAME: Final = "product_item_name"
_ITEM: Final = (ITEM_KEY, ITEM_NAME)


@dataclass(frozen=True, slots=True)
class CostQuery:
    """A question about costs over `[start_s, end_s)` (Unix seconds).

    Attributes:
        group_by: names of dimensions, `CUSTOMER_NAMES`, `ITEM_KEY` and `ITEM_NAME`.
        filters: admitted values by such a name; one without values restricts nothing.
    """

    start_s: int
    end_s: int
    interval: Interval
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    take: Take | None = None

    def admits_item(self, key: str, name: str) -> bool:
        """Whether the filters let a product item through."""
        return all(
            not self.filters.get(which) or value in self.filters[which]
            for which, value in zip(_ITEM, (key, name), strict=True)
        )

    @property
    def customers(self) -> frozenset[str] | None:
        """The customers that the filters name; None when they do not restrict them."""
        named = [self.filters[name] for name in CUSTOMER_NAMES if self.filters.get(name)]
        return frozenset.intersection(*named) if named else None

    @property
    def usage_filters(self) -> Mapping[str, frozenset[str]]:
        """Filters on dimensions of usage."""
        others = (*CUSTOMER_NAMES, *_ITEM)
        return {name: values for name, values in self.filters.items() if values and name not in others}

    @property
    def usage_dimensions(self) -> tuple[str, ...]:
        """The dimensions of usage that costs are grouped by."""
        return tuple(name for name in self.group_by if name not in (*CUSTOMER_NAMES, *_ITEM))

    @property
    def is_of_invoices(self) -> bool:
        """Whether every group is made of whole invoices."""
        names = {*self.group_by, *(name for name, values in self.filters.items() if values)}
        return names <= set(CUSTOMER_NAMES)

    def group(self, customer: str, item: tuple[str, str], dimensions: Mapping[str, str]) -> dict[str, str]:
        """The group that usage belongs to, of a customer and a product item (key and name)."""
        own = {**dict.fromkeys(CUSTOMER_NAMES, customer), **dict(zip(_ITEM, item, strict=True))}
        return {name: own[name] if name in own else dimensions[name] for name in self.group_by}

    def label(self, second: int) -> int:
        """The start of the bucket that holds a second."""
        return bucket_start(bucket_of_second(second, self.interval), self.interval)
