"""The laws of billing in accounts with a life of their own, and in two halves that lie hours apart."""

import pytest

from contracts.checks.asking import Asker
from contracts.clock import SystemClock
from contracts.gate import Gate
from contracts.laws.applying import Applied, Means
from contracts.laws.billing import LAWS
from contracts.laws.law import Dedup, Law
from contracts.laws.running import Bench
from contracts.laws.trial import Terms
from contracts.model import Profile, Result
from contracts.target import read_target
from contracts.watcher import Watcher
from specs import catalog
from specs.catalog import DIALECTS
from tests.contracts.laws.holding import held, results
from tests.handlers.billing import PRICING
from tests.handlers.steps import Account
from tests.support.client import MockClient

NAMES = tuple(law.name for law in LAWS)
LOCKED = "locked_invoices_never_change"
SETTINGS = f"{PRICING}/settings"
READS = {
    "listCustomerProductInvoices",
    "getCustomerProductInvoice",
    "getPrepaidWallet",
    "listInvoices",
    "getUsageCost",
}


@pytest.mark.parametrize(("dialect", "law"), [(each, law) for each in DIALECTS for law in LAWS if law.late])
def test_second_half_judges_alone(mock: MockClient, dialect: str, law: Law) -> None:
    """What the first half of a law wrote is judged by a second half that writes nothing and knows only the case."""
    bench = bench_of(mock, dialect)
    for subject in law.subjects(catalog.project(dialect)):
        each = Applied(law, subject)
        for number, case in enumerate(law.cases):
            half = law.play(bench.trial(each, number), case)
            assert half is not None
            next(half)
            sent = len(mock.journal())
            assert bench.replay(each, case, number).result is Result.CONFORM
            asked = {entry["operationId"] for entry in mock.journal()[sent:]}
            assert asked
            assert asked <= READS


def bench_of(mock: MockClient, dialect: str) -> Bench:
    """A bench on an account."""
    target = read_target(mock.url, dialect=dialect, environment={"AMBERFLO_API_KEY": mock.key})
    document, watcher, clock = catalog.project(dialect), Watcher(), SystemClock()
    gate = Gate(target, document.operations, observe=watcher)
    terms = Terms(
        prefix="mm-halves-",
        profile=Profile.SMOKE,
        seed=1,
        now=clock.now(),
        settle=0,
        ends=clock.monotonic() + 600,
        local=clock,
        dedup=Dedup.EVENT,
        target=None,
        whole=catalog.document("amberflo"),
    )
    return Bench(Asker(gate, watcher, document, dialect), Means(), terms, {})


def own(mock: MockClient, *names: str, clock: bool = True, dialect: str = "live") -> dict[str, Result]:
    """What becomes of laws in an account that has a life of its own."""
    report = held(mock.url, *names, dialect=dialect, clock=clock, environment={"AMBERFLO_API_KEY": mock.key})
    assert not report.judgement.open
    return {name: result for (_, name, _), result in results(report).items()}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_promotions_for_everybody_are_no_fault(mock: MockClient, dialect: str) -> None:
    """An account whose own promotion reduces every invoice, and whose own plan is everybody's, is not accused."""
    promotion = {"id": "all", "type": "relative_product_automatic_promotion", "promotionName": "All"}
    Account.take(mock.post(f"{PRICING}/promotions", json={**promotion, "discountRatio": 0.25}))
    period = {"interval": "month", "intervalsCount": 1}
    plan = {"id": "own", "productPlanName": "Own", "billingPeriod": period, "isDefault": True}
    Account.take(mock.post(f"{PRICING}/product-plans", json=plan))
    assert set(own(mock, *NAMES, dialect=dialect).values()) == {Result.CONFORM}


def test_a_long_grace_period_is_shortened_and_nothing_else_set(mock: MockClient) -> None:
    """Where invoices stay open for years after their end, the grace period is set to a day, and other settings kept."""
    settings = {"gracePeriodInHours": 200_000, "baseCurrency": "EUR"}
    Account.take(mock.post(SETTINGS, json=settings))
    assert own(mock, LOCKED) == {LOCKED: Result.CONFORM}
    found = Account.take(mock.get(SETTINGS))
    assert (found["gracePeriodInHours"], found["baseCurrency"]) == (24, "EUR")


def test_a_grace_period_of_days_is_waited_for(mock: MockClient) -> None:
    """A grace period of up to a week is let pass, and the settings stay as they are."""
    Account.take(mock.post(SETTINGS, json={"gracePeriodInHours": 100}))
    assert own(mock, LOCKED) == {LOCKED: Result.CONFORM}
    assert Account.take(mock.get(SETTINGS))["gracePeriodInHours"] == 100


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("moment", ["2019-03-01T00:00:10Z", "2028-02-29T23:59:00Z"])
def test_an_account_in_another_year_is_not_accused(mock: MockClient, moment: str) -> None:
    """An account that lives at the edge of a month of another year is held to the laws where its clock is named."""
    mock.clock(now=moment, frozen=True)
    assert Result.NOT_REACHABLE in own(mock, *NAMES, clock=False).values()
    for dialect in DIALECTS:
        assert set(own(mock, *NAMES, dialect=dialect).values()) == {Result.CONFORM}
