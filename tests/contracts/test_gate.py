"""Nothing that is not allowed gets past the gate to a target that is elsewhere."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from contracts.faults import Refused
from contracts.gate import PLACEHOLDER
from contracts.model import Outcome
from contracts.policy import HAZARDS, QUERIES, Policy, is_read, unsendable
from contracts.routing import Router
from contracts.secrets import Secret
from specs import catalog
from tests.contracts.gates import PREFIX, Gated, ledger, target
from tests.contracts.recording_server import REAL_CUSTOMERS, REAL_METERS, Account, recording_account

WRITES = Policy(allow_writes=True)
EVERYTHING = Policy(allow_writes=True, allow=frozenset(HAZARDS))
OPERATIONS = catalog.project("published").operations
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CUSTOMER: dict[str, Any] = {"customerId": PREFIX + "a", "customerName": "A customer of the run"}
METER: dict[str, Any] = {"meterApiName": PREFIX + "m", "displayName": "A meter of the run", "type": "SUM_OF_ALL_USAGE"}


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's real account."""
    with recording_account() as running:
        yield running


@pytest.fixture
def reader(account: Account) -> Gated:
    """A gate that only reads."""
    return Gated(target(account.url))


def writer(account: Account, folder: Path, policy: Policy = WRITES) -> Gated:
    """A gate that writes what it made itself."""
    return Gated(target(account.url), policy=policy, book=ledger(folder, account.url))


def tried(gated: Gated, method: str, path: str, body: Any = None, **options: Any) -> str:
    """Why a request was refused, or an empty string when it was sent."""
    try:
        gated.ask(method, path, body, **options)
    except Refused as refused:
        return refused.reason
    return ""


def _paths(chance: random.Random) -> str:
    """A path of a document, with real keys, or one that is almost it."""
    path = chance.choice(chance.choice([OPERATIONS, catalog.document("amberflo").operations])).path
    path = path.replace("{customerId}", chance.choice([*REAL_CUSTOMERS, "..", "%2e%2e", "%2F"]))
    path = path.replace("{meterApiName}", chance.choice([*REAL_METERS, ".", "%252e%252e"]))
    path = path.replace("{id}", chance.choice(["REAL-thing", "..", "%2F"]))
    query = chance.choice(["", "", "?customerId=REAL-1", "?meterApiName=REAL-calls", "?_method=DELETE", "?x=1;y=2"])
    return path + chance.choice(["", "", "", "", "/", "//", "/.."]) + query


def _headers(chance: random.Random) -> dict[str, str]:
    odd = {"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "PUT"}, {"X-Forwarded-Host": "elsewhere"}
    return chance.choice([{}, {}, {}, {}, {}, *odd])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_read_only_sends_nothing_but_reads(account: Account, reader: Gated, seed: int) -> None:
    """Of any mixture of requests only GETs of the document and usage queries arrive."""
    chance = random.Random(seed)
    for _ in range(400):
        body = chance.choice([None, None, None, CUSTOMER, {"customerId": "REAL-1"}])
        tried(reader, chance.choice([*METHODS, "GET", "GET"]), _paths(chance), body, headers=_headers(chance))
    reads = Router([each for each in catalog.document("amberflo").operations if is_read(each)])
    sent = {(each.method, each.path) for each in account.recorded}
    assert [each for each in sent if reads.match(*each) is None] == []
    assert [path for method, path in sent if method != "GET" and path not in QUERIES] == []
    assert len(sent) >= 5
    assert not any("verride" in name for each in account.recorded for name in each.headers)


def test_each_read_of_the_document_is_sent(reader: Gated) -> None:
    """The reads are all allowed, with whatever query the document has and more; those of the portal with a session."""
    reader.gate.hold(Secret("a-token-of-a-session"))
    for operation in catalog.document("amberflo").operations:
        path = re.sub(r"\{\w+\}", "REAL-1", operation.path)
        if operation.method == "GET":
            assert tried(reader, "GET", path + "?customerId=REAL-1&unknown=1") == ""
        elif operation.path in QUERIES:
            assert tried(reader, "POST", path, {"meterApiName": "REAL-calls"}) == ""


def test_the_portal_is_not_asked_without_a_session(account: Account, reader: Gated) -> None:
    """The account's key never goes to an operation of the portal in the place of a session's token."""
    assert "there is no session" in tried(reader, "GET", "/customer-portal/meter")
    assert account.recorded == []


@pytest.mark.parametrize("operation_id", ["portalCreateNotification", "portalSetPaymentMethod", "uploadCompanyLogo"])
def test_what_is_never_sent_elsewhere_is_refused(account: Account, tmp_path: Path, operation_id: str) -> None:
    """Whatever is allowed, what acts in a customer's name or on the account as a whole stays here."""
    gated = writer(account, tmp_path, EVERYTHING)
    gated.gate.hold(Secret("a-token-of-a-session"))
    operation = catalog.document("amberflo").operation(operation_id)
    assert tried(gated, operation.method, operation.path, {}) == unsendable(operation)
    assert account.recorded == []


@pytest.mark.parametrize(
    "path", ["/customers/%2e%2e", "/customers/..%2Fmeter-definition", "/customers/%252e", "/customers/a%5Cb"]
)
def test_path_that_can_be_read_in_two_ways_is_refused(account: Account, reader: Gated, path: str) -> None:
    """A proxy on the way may decode and shorten a path, so that another operation is reached."""
    assert "path" in tried(reader, "GET", path)
    assert account.recorded == []


def test_other_server_is_refused_even_on_this_machine(account: Account) -> None:
    """The key of a target never goes anywhere else."""
    with recording_account() as stranger:
        for gated in (Gated(target(account.url)), Gated(target(account.url, loopback=True))):
            with pytest.raises(Refused, match="another server"):
                gated.session.get(stranger.url + "/customers", headers={"X-API-KEY": PLACEHOLDER})
        assert stranger.recorded == []


def test_everything_is_allowed_on_this_machine(account: Account) -> None:
    """A mock may be asked anything."""
    gated = Gated(target(account.url, loopback=True))
    for method, path in [
        ("DELETE", "/customers/REAL-1"),
        ("POST", "/ingest"),
        ("PATCH", "/nowhere"),
        ("OPTIONS", "/usage"),
    ]:
        assert tried(gated, method, path, {}, headers={"X-Odd": "1"}) == ""
    assert len(account.recorded) == 4


def _poison(chance: random.Random, value: Any) -> Any:
    """The value, with keys of the real account somewhere in it."""
    real = chance.choice([*REAL_CUSTOMERS, *REAL_METERS])
    if not isinstance(value, dict) or chance.random() < 0.2:
        return chance.choice([real, [value, {"customerId": real}], {"values": {real: 1}}])
    keys = [name for name in value if name in {"customerId", "meterApiName", "uniqueId", "ruleId", "dimensionName"}]
    choices = [*keys, "customerID", "customer_id", "CustomerId", "uniqueId", "productId", "customerIds", "reference"]
    field = chance.choice(choices)
    return {**value, field: chance.choice([real, [real], {"customerId": real}, PREFIX + "../" + real])}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_write_names_a_key_of_the_account(account: Account, tmp_path: Path, seed: int) -> None:
    """With everything allowed, a write that arrives names only what the run made."""
    chance = random.Random(seed)
    gated = writer(account, tmp_path, EVERYTHING)
    assert tried(gated, "POST", "/customers", CUSTOMER) == ""
    assert tried(gated, "POST", "/meter-definition", METER) == ""
    event = {"customerId": CUSTOMER["customerId"], "meterApiName": METER["meterApiName"], "uniqueId": PREFIX + "e"}
    rule = {"meterApiName": METER["meterApiName"], "ruleId": PREFIX + "r", "dimensionName": PREFIX + "d"}
    order = {"customerId": CUSTOMER["customerId"], "amount": 1}
    right = [("/customers", CUSTOMER), ("/meter-definition", METER), ("/ingest", event), ("/ingest", [event])]
    right += [(HAZARDOUS["createFilteringRule"][0], rule), (HAZARDOUS["createPrepaidOrder"][0], order)]
    for _ in range(400):
        path, body = chance.choice(right)
        path, body = chance.choice([path, path, _paths(chance)]), chance.choice([body, _poison(chance, body)])
        tried(gated, chance.choice(["POST", "POST", "PUT", "DELETE", "PATCH"]), path, body)
    writes = account.writes()
    assert len(writes) > 30
    named = [each for each in writes if "REAL" in each.path + each.query or b"REAL" in each.body]
    assert named == []
    assert set(REAL_CUSTOMERS) <= set(account.customers)
    assert set(REAL_METERS) <= set(account.meters)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/customers", '{"customerId": "REAL-1", "customerId": "%s", "customerName": "x"}'),
        ("/customers", '[{"customerId": "%s", "customerName": "x"}, {"customerId": "REAL-1"}]'),
        ("/customers", '{"customerName": "x", "other": "%s"}'),
        ("/customers", '{"customerId": "%s/../REAL-1", "customerName": "x"}'),
        ("/customers", '{"customerId": "%s", "customerName": "x", "traits": {"stripeId": "cus_1"}}'),
        ("/customers", '{"customerId": "%s", "customerName": "x", "customerEmail": "somebody@acme.com"}'),
        ("/customers", '{"customerId": "%s", "customerName": NaN}'),
        ("/customers", '{"customerId": 7, "customerName": "%s"}'),
        ("/customers", '\ufeff{"customerId": "%s", "customerName": "x"}'),
        ("/customers?notify=true", '{"customerId": "%s", "customerName": "x"}'),
        ("/customers?customerId=REAL-1", '{"customerId": "%s", "customerName": "x"}'),
        ("/customers", "[" * 5000 + '"%s"' + "]" * 5000),
        ("/customers", "%s"),
    ],
)
def test_write_that_can_be_read_in_two_ways_is_refused(account: Account, tmp_path: Path, path: str, data: str) -> None:
    """A body that another reader would take for another one, or that reaches somebody, is not sent."""
    gated = writer(account, tmp_path)
    sent = data.replace("%s", PREFIX + "a").encode()
    assert tried(gated, "POST", path, data=sent, headers={"Content-Type": "application/json"})
    assert account.recorded == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/csv"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "X-HTTP-Method-Override": "DELETE"},
        {"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
    ],
)
def test_write_whose_headers_change_its_meaning_is_refused(
    account: Account, tmp_path: Path, headers: dict[str, str]
) -> None:
    """What the gate reads is what the target reads."""
    gated = writer(account, tmp_path)
    assert tried(gated, "POST", "/customers", data=json.dumps(CUSTOMER).encode(), headers=headers)
    assert account.recorded == []


def test_length_that_is_not_the_bodys_is_refused(account: Account, tmp_path: Path) -> None:
    """A rest of a body that is left over would be read as another request."""
    gated = writer(account, tmp_path)
    prepared = gated.session.prepare_request(requests.Request("POST", account.url + "/customers", json=CUSTOMER))
    prepared.headers["Content-Length"] = "2"
    with pytest.raises(Refused, match="Content-Length"):
        gated.session.send(prepared)
    assert account.recorded == []


def test_stream_is_refused_elsewhere(account: Account, tmp_path: Path) -> None:
    """A body that is only known once it is sent cannot be judged."""
    gated = writer(account, tmp_path)
    assert "stream" in tried(gated, "POST", "/customers", data=iter([b"{}"]))
    assert account.recorded == []


def test_delete_needs_a_key_of_the_ledger(account: Account, tmp_path: Path) -> None:
    """The prefix alone is not enough: the run must have written that it creates the thing."""
    gated = writer(account, tmp_path)
    assert "not created" in tried(gated, "DELETE", f"/customers/{CUSTOMER['customerId']}")
    assert tried(gated, "POST", "/customers", CUSTOMER) == ""
    assert tried(gated, "DELETE", f"/customers/{CUSTOMER['customerId']}") == ""
    assert "not created" in tried(gated, "DELETE", f"/meter-definition/{CUSTOMER['customerId']}")
    assert "no key of this run" in tried(gated, "DELETE", "/customers/REAL-1")
    assert [each.method for each in account.recorded] == ["POST", "DELETE"]


def test_without_a_ledger_nothing_is_written(account: Account) -> None:
    """Writes without a place to note them are refused."""
    gated = Gated(target(account.url), policy=EVERYTHING)
    assert tried(gated, "POST", "/customers", CUSTOMER)
    assert account.recorded == []


def test_ledger_has_the_key_before_the_target_sees_it(account: Account, tmp_path: Path) -> None:
    """When a create arrives, its key stands in the file already."""
    gated = writer(account, tmp_path, EVERYTHING)
    seen = []
    account.after = lambda request: seen.append(
        json.loads(request.body).get("customerId", "") in (tmp_path / "ledger.jsonl").read_text()
    )
    for number in range(5):
        assert tried(gated, "PUT", "/customers", {**CUSTOMER, "customerId": f"{PREFIX}{number}"}) == ""
    assert seen == [True] * 5


HAZARDOUS: dict[str, tuple[str, Any]] = {
    "ingestMeterEvents": (
        "/ingest",
        [{"meterApiName": PREFIX + "m", "customerId": PREFIX + "a", "uniqueId": PREFIX + "e", "meterTimeInMillis": 1}],
    ),
    "createFilteringRule": (
        "/meter-event-filtering-rules",
        {"meterApiName": PREFIX + "m", "ruleId": PREFIX + "r", "dimensionName": PREFIX + "d"},
    ),
    "createPrepaidOrder": ("/payments-pricing-amberflo-customer-prepaid", {"customerId": PREFIX + "a", "amount": 1}),
    "createCustomerPrepaidOrder": ("/payments/pricing/amberflo/customer-prepaid", {"customerId": PREFIX + "a"}),
    "createPrepaidOrderByUsage": ("/payments/pricing/amberflo/customer-prepaid/usage", {"customerId": PREFIX + "a"}),
    "assignPricingPlan": ("/payments-pricing-amberflo-customer-pricing", {"customerId": PREFIX + "a"}),
    "createCustomer.autoCreateCustomerInStripe": (
        "/customers?AutoCreateCustomerInStripe=if_payment_provider",
        {**CUSTOMER, "customerId": PREFIX + "b"},
    ),
}


@pytest.mark.parametrize("name", HAZARDOUS)
def test_hazard_is_sent_only_when_it_is_allowed_by_name(account: Account, tmp_path: Path, name: str) -> None:
    """What cannot be undone needs its own word on the command line, and then still only touches what the run made."""
    path, body = HAZARDOUS[name]
    others = Policy(allow_writes=True, allow=frozenset(HAZARDS) - {name})
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    shy, bold = writer(account, tmp_path / "1", others), writer(account, tmp_path / "2", EVERYTHING)
    for gated in (shy, bold):
        assert tried(gated, "PUT", "/customers", CUSTOMER) == ""
        assert tried(gated, "PUT", "/meter-definition", METER) == ""
    before = len(account.recorded)
    assert name in tried(shy, "POST", path, body)
    assert len(account.recorded) == before
    assert tried(bold, "POST", path, body) == ""
    assert len(account.recorded) == before + 1


def test_table_of_hazards_is_tested_whole() -> None:
    """Each row is tried, but for charge events, which need a price that no run can make."""
    assert set(HAZARDS) - set(HAZARDOUS) == {"ingestChargeEvents"}


def test_charge_events_are_never_sent_elsewhere(account: Account, tmp_path: Path) -> None:
    """A charge names somebody's price, so allowing it does not help."""
    operations = catalog.document("solvimon").operations
    gated = Gated(target(account.url), policy=EVERYTHING, book=ledger(tmp_path, account.url), operations=operations)
    assert "price" in tried(gated, "POST", "/v1/ingest/charge-data", {"reference": PREFIX + "c"})
    assert account.recorded == []


@pytest.mark.parametrize("value", ["true", "if_payment_provider", "", "yes", "1"])
@pytest.mark.parametrize("name", ["autoCreateCustomerInStripe", "autocreatecustomerinstripe"])
def test_stripe_is_never_reached_by_the_way(account: Account, tmp_path: Path, name: str, value: str) -> None:
    """However the parameter is spelled, unless it says no."""
    gated = writer(account, tmp_path)
    assert "third party" in tried(gated, "POST", f"/customers?{name}={value}", CUSTOMER)
    assert tried(gated, "POST", f"/customers?{name}=false", CUSTOMER) == ""
    assert len(account.recorded) == 1


@pytest.mark.parametrize("field", ["meterApiName", "dimensionName", "ruleId"])
@pytest.mark.parametrize("value", ["REAL-calls", "region", "", None, 7, ["x"]])
def test_rule_is_only_for_the_runs_own_meter_and_dimension(
    account: Account, tmp_path: Path, field: str, value: Any
) -> None:
    """A rule that could drop somebody's events is not sent."""
    gated = writer(account, tmp_path, EVERYTHING)
    assert tried(gated, "PUT", "/meter-definition", METER) == ""
    path, rule = HAZARDOUS["createFilteringRule"]
    body = {name: each for name, each in {**rule, field: value}.items() if each is not None}
    assert tried(gated, "POST", path, body)
    assert len(account.recorded) == 1


def test_what_was_read_is_not_written_back(account: Account, tmp_path: Path) -> None:
    """Once the target has shown somebody's key, no text of a write holds it; a text that only looks like it may."""
    gated = writer(account, tmp_path)
    named = {**CUSTOMER, "description": "as REAL-1 is"}
    assert tried(gated, "POST", "/customers", named) == ""
    account.customers["a"] = {"customerId": "a"}
    assert tried(gated, "GET", "/customers") == ""
    for name, text in [
        ("description", "as REAL-1 is"),
        ("description", "a"),
        ("REAL-2", "x"),
        ("description", "x/REAL-3"),
    ]:
        assert "has shown" in tried(gated, "PUT", "/customers", {**CUSTOMER, name: text})
    for text in ("REAL-11", "aREAL-1", "a text", PREFIX + "a", ""):
        assert tried(gated, "PUT", "/customers", {**CUSTOMER, "description": text}) == ""


def test_refusal_says_what_sending_does(account: Account, tmp_path: Path) -> None:
    """The judgement can be had without sending, and is the one that sending makes."""
    chance = random.Random(7)
    gated = writer(account, tmp_path)
    for _ in range(200):
        method, body = chance.choice(METHODS), chance.choice([None, CUSTOMER, METER, {"customerId": "REAL-1"}])
        url = account.url + _paths(chance)
        request = requests.Request(method, url, json=body, headers={"X-API-KEY": PLACEHOLDER})
        prepared = gated.session.prepare_request(request)
        before, judged = len(account.recorded), gated.gate.refusal(prepared)
        assert len(account.recorded) == before
        try:
            gated.session.send(prepared)
            sent = ""
        except Refused as refused:
            sent = refused.reason
        assert judged == sent


def test_refused_requests_are_recorded_and_counted(reader: Gated) -> None:
    """What was not sent is not forgotten: it is untested."""
    assert tried(reader, "DELETE", "/customers/REAL-1")
    assert tried(reader, "GET", "/customers") == ""
    assert [(each.number, each.operation_id, each.verdict.outcome) for each in reader.exchanges] == [
        (1, "deleteCustomer", Outcome.REFUSED),
        (2, "listCustomers", Outcome.SENT),
    ]
    assert reader.exchanges[0].verdict.reason
    assert reader.exchanges[0].attempts == 0
    counts = reader.gate.counts
    assert (counts.requests, counts.attempts, counts.refused.total()) == (1, 1, 1)
    assert counts.operations == {"listCustomers": 1}


def test_own_data_is_sent_where_strange_data_is_not(account: Account, tmp_path: Path) -> None:
    """A generated request that is given the run's keys passes, and then its thing can be changed and deleted."""
    gated = writer(account, tmp_path, EVERYTHING)
    document = catalog.document("amberflo")
    plan: list[tuple[str, dict[str, str], Any]] = [
        ("createCustomer", {}, {**CUSTOMER, "customerId": "REAL-1", "customerEmail": "a@acme.com"}),
        ("createMeterDefinition", {}, {**METER, "meterApiName": "REAL-calls"}),
        ("updateCustomer", {}, {**CUSTOMER, "customerId": "0"}),
        ("createFilteringRule", {}, {"meterApiName": "x", "ruleId": "0", "dimensionName": "region"}),
        (
            "ingestMeterEvents",
            {},
            [{"meterApiName": "x", "customerId": "y", "uniqueId": "z", "values": {"REAL-calls": 1}}],
        ),
        ("getCustomerById", {"customerId": "REAL-1"}, None),
        ("deleteCustomer", {"customerId": "REAL-2"}, None),
    ]
    for operation_id, given, generated in plan:
        operation = document.operation(operation_id)
        path, _, body = gated.gate.adopt(operation, given, {}, generated)
        assert tried(gated, operation.method, operation.path.format(**path), body) == "", operation_id
    assert not any("REAL" in each.path or b"REAL" in each.body for each in account.writes())


def test_adopting_changes_nothing_on_this_machine(account: Account) -> None:
    """A mock is tested with whatever was generated."""
    gated = Gated(target(account.url, loopback=True))
    body = {"customerId": "\x00"}
    operation = catalog.document("amberflo").operation("createCustomer")
    assert gated.gate.adopt(operation, {"a": 1}, {"b": 2}, body) == ({"a": 1}, {"b": 2}, body)
