"""The catalog loads, merges and serves, and refuses what it would have to guess."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from specs import catalog

TITLE = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}}


def operation(name: str, **more: Any) -> dict[str, Any]:
    """A small operation object."""
    return {"operationId": name, "x-evidence": "sdk", "responses": {"200": {"description": "done"}}} | more


def folder(path: Path, **families: dict[str, Any]) -> Path:
    """A folder with a file for each of these documents."""
    for name, content in families.items():
        (path / f"{name}.yaml").write_text(yaml.safe_dump(TITLE | content), encoding="utf-8")
    return path


def test_a_folder_becomes_one_document(tmp_path: Path) -> None:
    """Paths, components and tags of all files are merged; the title is common's; root extensions are left out."""
    loaded = catalog.load(
        "shop",
        folder(
            tmp_path,
            a={"paths": {"/a": {"get": operation("a")}}, "tags": [{"name": "t"}, {"name": "u"}], "x-shared": 1},
            b={
                "paths": {"/b": {"post": operation("b")}},
                "tags": [{"name": "t", "description": "second"}],
                "security": [{"Key": []}],
                "components": {"schemas": {"Thing": {"type": "string"}}},
            },
            common={
                "paths": {},
                "info": {"title": "shared", "version": "2"},
                "components": {"schemas": {"Thing": {"type": "string"}, "Other": {"type": "integer"}}},
            },
        ),
    )
    assert loaded.spec == {
        "openapi": "3.0.3",
        "info": {"title": "shared", "version": "2"},
        "tags": [{"name": "t"}, {"name": "u"}],
        "paths": {"/a": {"get": operation("a")}, "/b": {"post": operation("b", security=[{"Key": []}])}},
        "components": {"schemas": {"Thing": {"type": "string"}, "Other": {"type": "integer"}}},
    }
    assert [(each.operation_id, each.method, each.document, each.family) for each in loaded.operations] == [
        ("a", "GET", "shop", "a"),
        ("b", "POST", "shop", "b"),
    ]


PATH_A = {"paths": {"/a": {"get": operation("a")}}}
FAULTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (PATH_A, {"paths": {"/a": {"get": operation("b")}}}, r"path /a is in .*/x\.yaml and in .*/y\.yaml"),
    (PATH_A, {"paths": {"/b": {"get": operation("a")}}}, r"operationId used twice: a \(GET /a, GET /b\)"),
    (PATH_A, {"paths": {"/b": {"get": operation("b", **{"x-evidence": "rumour"})}}}, r"x-evidence .*: b$"),
    (PATH_A, {"paths": {"/b": {"get": {"x-evidence": "sdk", "responses": {}}}}}, r"operationId is missing: GET /b"),
    (PATH_A, {"paths": {"/b": {"get": operation("b", **{"x-dialect": "dead"})}}}, r"GET /b: x-dialect is 'dead'"),
    (
        {"components": {"schemas": {"Thing": {"type": "string"}}}},
        {"components": {"schemas": {"Thing": {"type": "integer"}}}},
        r"component schemas/Thing differs between .*/x\.yaml and .*/y\.yaml",
    ),
]


@pytest.mark.parametrize(("first", "second", "message"), FAULTS)
def test_contradictions_are_errors(tmp_path: Path, first: Any, second: Any, message: str) -> None:
    """Files that contradict each other, or operations that lack a mark, are refused by name."""
    with pytest.raises(catalog.CatalogError, match=message):
        catalog.load("shop", folder(tmp_path, x=first, y=second))


@pytest.mark.parametrize("text", ["[1, 2]", "a: b", "a: [", "\x00"])
def test_files_that_are_no_documents_are_errors(tmp_path: Path, text: str) -> None:
    """A file that is no YAML, or no OpenAPI document, is named in the error."""
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(catalog.CatalogError, match=r"bad\.yaml"):
        catalog.load("shop", tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without OpenAPI files is refused rather than served as nothing."""
    (tmp_path / "README.md").write_text("no document", encoding="utf-8")
    with pytest.raises(catalog.CatalogError, match="no OpenAPI files"):
        catalog.load("shop", tmp_path)


def test_parameters_are_opened_and_merged(tmp_path: Path) -> None:
    """An operation has the parameters of its path and its own, references opened, its own first in right."""
    own = {"name": "p", "in": "query", "description": "own"}
    item = {
        "parameters": [{"$ref": "#/components/parameters/P"}, {"name": "p", "in": "header"}],
        "get": operation("a", parameters=[own]),
    }
    parameters = {"P": {"name": "p", "in": "query"}}
    loaded = catalog.load("shop", folder(tmp_path, a={"paths": {"/a": item}, "components": {"parameters": parameters}}))
    assert loaded.operation("a").parameters == (own, {"name": "p", "in": "header"})


def test_documents_are_cached_and_named() -> None:
    """The vendors' documents are loaded once; an unknown name is a KeyError."""
    assert catalog.documents() is catalog.documents()
    assert [each.name for each in catalog.documents()] == list(catalog.VENDORS)
    assert catalog.document("solvimon").operation("ingestChargeEvents").path == catalog.CHARGE_PATH
    with pytest.raises(KeyError):
        catalog.document("nobody")
    with pytest.raises(KeyError):
        catalog.document("solvimon").operation("nothing")
    with pytest.raises(catalog.CatalogError, match="'dead'"):
        catalog.project("dead")


def test_digests_tell_documents_apart() -> None:
    """A digest depends on the content alone, not on the order of keys."""
    document = catalog.document("solvimon")
    turned = catalog.Document("x", json.loads(json.dumps(document.spec, sort_keys=True)), ())
    assert turned.digest == document.digest
    assert len({document.digest, catalog.document("amberflo").digest, catalog.project("live").digest}) == 3
    assert len(document.digest) == 64


def test_served_is_every_vendor_at_one_root() -> None:
    """The served document holds every operation with its vendor and family, its own security, and a root server."""
    served = catalog.served()
    owners = {each.operation_id: (each.document, each.family) for each in served.operations}
    assert owners == {each.operation_id: (each.document, each.family) for each in catalog.operations()}
    assert served.spec["servers"] == [{"url": "/"}]
    assert "security" not in served.spec
    assert served.operation("listCustomers").node["security"] == [{"ApiKeyAuth": []}]
    assert served.operation("ingestChargeEvents").node["security"] == [{"API-Key": []}, {"JWT-Authentication": []}]
    assert served.spec["components"]["schemas"].keys() >= {"ErrorResponse", "ApiError"}
    assert catalog.served() is served


@pytest.mark.parametrize("path", ["/v{version}/ingest/charge-events", "/solvimon/{version}/charges"])
def test_the_charge_path_is_a_setting(path: str) -> None:
    """Another charge path with a version keeps the operation as it is."""
    served = catalog.served(path)
    validate(served.spec)
    moved = served.operation("ingestChargeEvents")
    assert (moved.path, moved.node) == (path, catalog.served().operation("ingestChargeEvents").node)
    assert catalog.CHARGE_PATH not in served.spec["paths"]


def test_a_charge_path_without_version_drops_the_parameter() -> None:
    """Without a version in the path there is no such parameter, and the vendor's own document is left as it was."""
    served = catalog.served("/charge-data")
    validate(served.spec)
    assert [each["name"] for each in served.operation("ingestChargeEvents").parameters] == ["x-platform-id"]
    original = catalog.document("solvimon").operation("ingestChargeEvents")
    assert [each["name"] for each in original.parameters] == ["version", "x-platform-id"]
    assert "links" in original.node["responses"]["201"]


@pytest.mark.parametrize(
    "path",
    ["", "/", "charge", "/charge/", "/a//b", "/{other}", "/{version}/{version}", "/a{version", "/a b", "/a?b=1", "/ä"],
)
def test_a_bad_charge_path_is_refused(path: str) -> None:
    """A charge path that no router could serve is a ValueError that quotes it."""
    with pytest.raises(ValueError, match="charge path"):
        catalog.served(path)


def test_a_charge_path_that_is_taken_is_refused() -> None:
    """A charge path that is another operation's is refused with both owners."""
    with pytest.raises(catalog.CatalogError, match="/customers is in amberflo and in solvimon"):
        catalog.served("/customers")


def test_read_takes_any_file_and_what_it_refers_to(tmp_path: Path) -> None:
    """A file from disk needs no marks, and the components that it names in files beside it come along."""
    answer = {"content": {"application/json": {"schema": {"$ref": "shared.yaml#/components/schemas/Thing"}}}}
    folder(
        tmp_path,
        mine={"paths": {"/a/{k}": {"delete": {"responses": {"200": answer}}}}},
        shared={
            "paths": {"/not-mine": {"get": operation("x")}},
            "components": {"schemas": {"Thing": {"items": {"$ref": "more.yaml#/components/schemas/More"}}}},
        },
        more={"components": {"schemas": {"More": {"items": {"$ref": "shared.yaml#/components/schemas/Thing"}}}}},
    )
    read = catalog.read(tmp_path / "mine.yaml")
    assert [(each.operation_id, each.evidence, each.family) for each in read.operations] == [
        ("DELETE /a/{k}", "", "mine")
    ]
    assert read.spec["components"]["schemas"] == {
        "Thing": {"items": {"$ref": "#/components/schemas/More"}},
        "More": {"items": {"$ref": "#/components/schemas/Thing"}},
    }


def test_a_property_may_be_named_like_a_reference(tmp_path: Path) -> None:
    """A property with the name $ref is a property, whatever looks for references."""
    thing = {"properties": {"$ref": {"type": "string"}}}
    folder(tmp_path, a={**PATH_A, "components": {"schemas": {"Thing": thing}}})
    assert catalog.read(tmp_path / "a.yaml").spec["components"]["schemas"]["Thing"] == thing


def test_read_refuses_what_it_cannot_bring_along(tmp_path: Path) -> None:
    """A reference into another file that is no component, or a file that is not there, is an error that names it."""
    folder(tmp_path, a={"paths": {"/a": {"$ref": "b.yaml#/paths/~1a"}}}, c={"x": {"$ref": "d.yaml#/components/x/y"}})
    with pytest.raises(catalog.CatalogError, match=r"b\.yaml#/paths"):
        catalog.read(tmp_path / "a.yaml")
    with pytest.raises(catalog.CatalogError, match=r"d\.yaml cannot be read"):
        catalog.read(tmp_path / "c.yaml")
