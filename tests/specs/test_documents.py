"""The documents themselves: valid, marked, linked, and as the README says."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import openapi_core
import pytest
import schemathesis
import yaml
from openapi_spec_validator import validate

from specs import catalog
from specs.projecting import resolve

ROOT = Path(str(files("specs")))
FILES = sorted(ROOT.glob("*/*.yaml"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = {operation.operation_id: operation for operation in catalog.operations()}

# What each source lists, by operation.
PAGE_STATUSES = {"ingestChargeEvents": {"201", "400", "401", "403", "409", "500"}}


class _StrictLoader(yaml.SafeLoader):
    """A loader that refuses a mapping in which a key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """As the parent, when every key is there once."""
        own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        keys = [self.construct_object(key, deep=True) for key in own]
        assert len(keys) == len(set(keys)), f"a key is there twice at {node.start_mark}"
        return super().construct_mapping(node, deep=deep)


def nodes(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping below a node, with its place."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            yield from nodes(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from nodes(item, f"{where}/{index}")


def links() -> list[tuple[str, str, dict[str, Any]]]:
    """Every link: its source operation, its name and itself."""
    return [
        (operation.operation_id, name, link)
        for operation in OPERATIONS.values()
        for response in operation.node["responses"].values()
        for name, link in response.get("links", {}).items()
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_key_stands_twice(path: Path) -> None:
    """A YAML mapping never holds a key twice, since the second would silently win."""
    assert yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_file_can_be_used_alone(path: Path) -> None:
    """A file, with the components it refers to, is valid OpenAPI that Schemathesis can read, links included."""
    spec = catalog.read(path).spec
    validate(spec)
    if spec["paths"]:
        schemathesis.openapi.from_dict(spec).as_state_machine()


@pytest.mark.parametrize("document", [*catalog.documents(), catalog.served()], ids=lambda document: document.name)
def test_merged_documents_are_valid(document: catalog.Document) -> None:
    """A merged document passes the OpenAPI validator and can be read by openapi-core and Schemathesis."""
    validate(document.spec)
    openapi_core.OpenAPI.from_dict(document.spec)
    schema = schemathesis.openapi.from_dict(document.spec)
    assert schema.statistic.operations.total == len(document.operations)


def test_a_path_may_be_known_less_well_than_its_operation() -> None:
    """Solvimon's page describes its operation and does not print the path."""
    charge = OPERATIONS["ingestChargeEvents"]
    assert (charge.evidence, charge.node["x-path-evidence"]) == ("documented", "inferred")


def test_inferred_operations_say_so() -> None:
    """Whoever reads the description of a guess is told that it is our reading."""
    silent = [
        name
        for name, operation in OPERATIONS.items()
        if "inferred" in (operation.evidence, operation.node.get("x-path-evidence"))
        and not re.search(r"our reading|inferred", operation.node.get("description", ""))
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("key", "words"),
    [("x-evidence", catalog.EVIDENCE), ("x-path-evidence", catalog.EVIDENCE), ("x-dialect", catalog.DIALECTS)],
)
def test_markers_use_their_words(key: str, words: tuple[str, ...]) -> None:
    """A marker has one of the words of its vocabulary, wherever it stands."""
    found = {node[key] for document in catalog.documents() for _, node in nodes(document.spec) if key in node}
    assert found
    assert found <= set(words)


def test_no_other_extension_is_used() -> None:
    """Every extension key of the merged documents is explained in the README."""
    used = {key for each in catalog.documents() for _, node in nodes(each.spec) for key in node if key.startswith("x-")}
    assert used <= set(re.findall(r"^\| `(x-[a-z-]+)` \|", README, re.MULTILINE))


def test_refusals_are_the_readmes_vocabulary() -> None:
    """The reasons that operations give are exactly those that the README explains."""
    explained = set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)*)` \| \d", README, re.MULTILINE))
    assert {reason for operation in OPERATIONS.values() for reason in operation.refuses} == explained


def test_each_published_operation_refuses_what_it_should() -> None:
    """Operations with a key of the client's choice refuse it by rule, the others do not."""
    published = {name: operation for name, operation in OPERATIONS.items() if operation.dialect != "live"}
    assert {name: operation.refuses for name, operation in published.items() if operation.refuses} == {
        "createMeterDefinition": ("duplicate-key", "empty-key"),
        "updateMeterDefinition": ("empty-key",),
        "createCustomer": ("duplicate-key", "empty-key"),
        "updateCustomer": ("empty-key",),
        "ingestMeterEvents": ("malformed-line", "malformed-row"),
        "queryUsage": ("reversed-range", "too-many-rows"),
        "ingestChargeEvents": ("duplicate-key",),
    }


def test_added_statuses_are_the_readmes_table(all_published_statuses: dict[str, set[str]]) -> None:
    """What our documents answer beyond their sources is the README's table, no more and no less."""
    rows = re.findall(r"^\| `([a-z]+[A-Z]\w+)` \| (\d{3}) \| .+ \|$", README, re.MULTILINE)
    added = {
        (name, status)
        for name, sources in all_published_statuses.items()
        for status in OPERATIONS[name].node["responses"]
        if status not in sources
    }
    assert len(rows) == len(set(rows))
    assert set(rows) == added
    for name, status in added:
        assert OPERATIONS[name].node["responses"][status]["x-evidence"] in {"inferred", "sdk"}


@pytest.fixture(scope="module")
def all_published_statuses() -> dict[str, set[str]]:
    """The statuses of each operation in its source."""
    statuses = dict(PAGE_STATUSES)
    for path in (Path(__file__).parent / "published").glob("*.yaml"):
        for _, node in nodes(yaml.safe_load(path.read_text(encoding="utf-8"))["paths"]):
            if "operationId" in node and "responses" in node:
                statuses[node["operationId"]] = set(node["responses"])
    return statuses


def test_operations_document_what_every_server_answers() -> None:
    """Every operation documents 401, each with a body 400 and 413, and each with a key in its path 404."""
    for name, operation in OPERATIONS.items():
        expected = {"401"} | ({"400", "413"} if "requestBody" in operation.node else set())
        if operation.document == "amberflo" and "{" in operation.path:
            expected.add("404")
        assert expected <= operation.node["responses"].keys(), name


@pytest.mark.parametrize(("source", "name", "link"), links(), ids=lambda value: value if isinstance(value, str) else "")
def test_links_lead_somewhere(source: str, name: str, link: dict[str, Any]) -> None:
    """A link names an operation, parameters that it has, every path parameter it needs, and a body if it takes one."""
    target = OPERATIONS[link["operationId"]]
    given = {parameter.removeprefix("path.") for parameter in link.get("parameters", {})}
    assert given <= {parameter["name"] for parameter in target.parameters}
    assert {each["name"] for each in target.parameters if each.get("required")} <= given
    assert ("requestBody" in link) <= ("requestBody" in target.node)


@pytest.mark.parametrize(("source", "name", "link"), links(), ids=lambda value: value if isinstance(value, str) else "")
def test_links_read_what_is_there(source: str, name: str, link: dict[str, Any]) -> None:
    """Each expression of a link points to a parameter, or to a declared property, of the operation it starts from."""
    operation = OPERATIONS[source]
    spec = catalog.document(operation.document).spec
    body = [node for _, node in nodes([link.get("requestBody", {}), link.get("parameters", {})])]
    texts = [text for node in body for text in node.values() if isinstance(text, str) and text.startswith("$")]
    for text in texts:
        parameter = re.fullmatch(r"\$request\.path\.(\w+)", text)
        if parameter:
            assert parameter[1] in {each["name"] for each in operation.parameters}
            continue
        pointer = re.fullmatch(r"\$(request|response)\.body#/([\w/]+)", text)
        assert pointer, text
        success = next(each for status, each in operation.node["responses"].items() if status.startswith("2"))
        holder = operation.node["requestBody"] if pointer[1] == "request" else success
        schema = holder["content"]["application/json"]["schema"]
        assert declares(spec, schema, pointer[2].split("/")), text


def declares(spec: dict[str, Any], schema: dict[str, Any], path: list[str]) -> bool:
    """Whether a schema, or one of its branches, declares what a JSON pointer names."""
    if not path:
        return True
    schema = dict(resolve(spec, schema))
    branches = [branch for key in ("anyOf", "oneOf", "allOf") for branch in schema.get(key, [])]
    if any(declares(spec, branch, path) for branch in branches):
        return True
    name, *rest = path
    below = schema.get("items") if name.isdecimal() else schema.get("properties", {}).get(name)
    return below is not None and declares(spec, below, rest)


@pytest.mark.parametrize(("first", "family"), [("createMeterDefinition", "metering"), ("createCustomer", "billing")])
def test_the_main_chains_are_linked(first: str, family: str) -> None:
    """A new meter leads to all that uses meters, and a new customer to all that uses customers."""
    targets = {link["operationId"] for source, _, link in links() if source == first}
    related = {operation.operation_id for operation in OPERATIONS.values() if operation.family == family}
    lists = {name for name in related if name in {"listMeterDefinitions", "listCustomers"}}
    assert related - {first} - lists <= targets


def test_examples_are_valid(accepts: Any) -> None:
    """Every example of a media type, parameter or property is valid against the schema beside it."""
    checked = 0
    for document in catalog.documents():
        for where, node in nodes(document.spec):
            schema = node.get("schema", node)
            values = (
                [each["value"] for each in node["examples"].values()] if "schema" in node and "examples" in node else []
            )
            values += [node["example"]] if "example" in node and not where.endswith("/properties") else []
            for value in values:
                assert accepts(document.spec, schema, value), where
                checked += 1
    assert checked > 80


def test_inferred_objects_stay_open() -> None:
    """A schema that is our reading lets other fields through."""
    schemas = catalog.document("solvimon").spec["components"]["schemas"]
    inferred = {name for name, schema in schemas.items() if schema.get("x-evidence") == "inferred"}
    assert inferred == {"ChargeDataValue", "ChargeDataAmount"}
    assert all(schemas[name]["additionalProperties"] is True for name in inferred)


def test_every_solvimon_answer_carries_a_request_id() -> None:
    """Every answer of Solvimon has the header X-REQUEST-ID, and every refusal the body ApiError."""
    for status, response in OPERATIONS["ingestChargeEvents"].node["responses"].items():
        assert response["headers"]["X-REQUEST-ID"]["required"] is True
        name = "ChargeData" if status == "201" else "ApiError"
        assert response["content"]["application/json"]["schema"]["$ref"].endswith(f"/{name}")


CHARGE = {"product_item_id": "a", "pricing_id": "b", "pricing_item_id": "c", "pricing_item_config_id": "d"}


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"pricing_id": None}, False),
        ({"customer_id": None, "customer_reference": None, "timestamp": None, "reference": None}, True),
        ({"reference": "", "description": ""}, True),
        ({"reference": "A-z_09"}, True),
        ({"reference": "a b"}, False),
        ({"reference": "a" * 256}, True),
        ({"reference": "a" * 257}, False),
        ({"description": "one + two"}, True),
        ({"description": "one, two"}, False),
        ({"timestamp": "2023-10-12T06:47:00Z"}, True),
        ({"timestamp": "yesterday"}, False),
        ({"period": None}, False),
        ({"period": {"start_at": "2023-10-12T06:47:00Z", "ratio": None}}, True),
        ({"period": {"start_at": "2023-10-12"}}, False),
        ({"value": {"amount": {"quantity": "-1.50", "currency": "EUR"}, "more": [1]}}, True),
        ({"value": {"amount": {"quantity": 1.5}}}, False),
        ({"pricing_plan_subscription_selector": {"fallback": "NONE"}}, True),
        ({"pricing_plan_subscription_selector": {"fallback": "FIRST"}}, False),
        ({"pricing_plan_subscription_selector": {"rules": [{"type": "IN"}]}}, True),
        ({"pricing_plan_subscription_selector": {"filters": [{"type": "LIKE"}]}}, False),
    ],
)
def test_charge_events(accepts: Any, changes: dict[str, Any], valid: bool) -> None:  # noqa: FBT001
    """A charge event is held to its required fields, whole-string patterns, lengths, times and nested objects."""
    spec = catalog.document("solvimon").spec
    schema = {"$ref": "#/components/schemas/ChargeDataCreateRequest"}
    assert accepts(spec, schema, CHARGE | changes) is valid
