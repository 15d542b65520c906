"""Reports what customers used, and reads what they owe."""

from billing.client import BillingClient, BillingError

__all__ = ["BillingClient", "BillingError"]
