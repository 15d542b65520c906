"""Laws of usage: that what is asked for is what was sent, however it is asked. What others rest on comes first."""

from contracts.laws import usage_filters, usage_forms, usage_groups, usage_sums, usage_windows
from contracts.laws.law import Law

LAWS: tuple[Law, ...] = (
    usage_forms.AGREE,
    usage_sums.SUM_SUMS,
    *usage_sums.LAWS,
    *usage_windows.LAWS,
    *usage_groups.LAWS,
    *usage_filters.LAWS,
    *usage_forms.LAWS,
    usage_sums.NUMBERS_ARE_NUMBERS,
)
