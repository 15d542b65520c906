"""How an invoice is named: by whose it is, its plan and the day on which it starts."""

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.windows import DAY_S, Interval, bucket_of_second, bucket_start
from mockserver.engine.store import JsonObject


def invoice_key(account_id: str, customer: str, product: str, window: BillingWindow) -> JsonObject:
    """Whose invoice it is, and the UTC day on which it starts, for any number of seconds."""
    month = bucket_of_second(window.start_s, Interval.MONTH)
    return {
        "accountId": account_id,
        "customerId": customer,
        "productId": product,
        "productPlanId": window.plan_id,
        "year": 1970 + month // 12,
        "month": month % 12 + 1,
        "day": (window.start_s - bucket_start(month, Interval.MONTH)) // DAY_S + 1,
    }


def invoice_uri(key: JsonObject) -> str:
    """The key as one text, with two digits for month and day."""
    return (
        f"payments/invoices/account_id={key['accountId']}/customer_id={key['customerId']}"
        f"/product_id={key['productId']}/product_plan_id={key['productPlanId']}"
        f"/year={key['year']:04}/month={key['month']:02}/day={key['day']:02}"
    )
