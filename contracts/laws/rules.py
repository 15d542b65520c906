"""Laws of filtering rules and of cancellation. What others rest on comes first."""

from contracts.laws import rules_cancelling, rules_changing, rules_filtering
from contracts.laws.law import Law

LAWS: tuple[Law, ...] = (*rules_cancelling.LAWS, *rules_filtering.LAWS, *rules_changing.LAWS)
