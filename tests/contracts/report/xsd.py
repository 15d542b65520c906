"""As much of XML Schema as junit.xsd uses: elements, attributes and groups of them, choices, and simple types."""

import re
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

XS = "{http://www.w3.org/2001/XMLSchema}"


def _is_date_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


TYPES: dict[str, Any] = {
    "xs:string": lambda _text: True,
    "xs:decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)").fullmatch,
    "xs:nonNegativeInteger": re.compile(r"\+?\d+").fullmatch,
    "xs:dateTime": _is_date_time,
}


class Schema:
    """A schema, read from its text."""

    def __init__(self, text: str) -> None:
        self._root = fromstring(text)  # noqa: S314 - the project's own file
        self._named = {(each.tag, each.get("name")): each for each in self._root}

    def errors(self, element: Element) -> list[str]:
        """What is wrong with a document."""
        declared = self._named.get((f"{XS}element", element.tag))
        return [f"<{element.tag}> is no root"] if declared is None else self._element(element, declared)

    def _element(self, element: Element, declared: Element) -> list[str]:
        if "ref" in declared.attrib:
            declared = self._named[f"{XS}element", declared.get("ref")]
        kind = declared.find(f"{XS}complexType")
        if kind is None:
            kind = self._named[f"{XS}complexType", declared.get("type")]
        simple = kind.find(f"{XS}simpleContent/{XS}extension")
        errors = self._attributes(element, kind if simple is None else simple)
        model = next((each for each in kind if each.tag in {f"{XS}sequence", f"{XS}choice"}), None)
        if simple is None and (element.text or "").strip():
            errors.append(f"<{element.tag}> holds text")
        return errors + self._children(element, model)

    def _attributes(self, element: Element, kind: Element) -> list[str]:
        declared = list(kind.findall(f"{XS}attribute"))
        for group in kind.findall(f"{XS}attributeGroup"):
            declared += self._named[f"{XS}attributeGroup", group.get("ref")].findall(f"{XS}attribute")
        known = {str(each.get("name")): each for each in declared}
        errors = [f"<{element.tag}> has {name}" for name in element.attrib if name not in known]
        for name, each in known.items():
            value = element.get(name)
            if value is None:
                errors += [f"<{element.tag}> lacks {name}"] if each.get("use") == "required" else []
            elif not TYPES[str(each.get("type"))](value):
                errors.append(f"<{element.tag}> {name}={value!r} is no {each.get('type')}")
        return errors

    def _children(self, element: Element, model: Element | None) -> list[str]:
        children = list(element)
        if model is None:
            return [f"<{element.tag}> has children"] if children else []
        if model.tag == f"{XS}choice":
            return self._choice(element, children, list(model), least=int(model.get("minOccurs", "1")))
        errors = []
        for declared in model:
            name = declared.get("ref") or declared.get("name")
            most = declared.get("maxOccurs", "1")
            taken: list[Element] = []
            while children and children[0].tag == name and (most == "unbounded" or len(taken) < int(most)):
                taken.append(children.pop(0))
            if len(taken) < int(declared.get("minOccurs", "1")):
                errors.append(f"<{element.tag}> lacks <{name}>")
            errors += [error for child in taken for error in self._element(child, declared)]
        return errors + [f"<{element.tag}> holds <{child.tag}> there" for child in children]

    def _choice(self, element: Element, children: list[Element], options: list[Element], *, least: int) -> list[str]:
        if len(children) > 1 or len(children) < least:
            return [f"<{element.tag}> holds {len(children)} of a choice"]
        for child in children:
            declared = next((each for each in options if each.get("name") == child.tag), None)
            return [f"<{element.tag}> holds <{child.tag}>"] if declared is None else self._element(child, declared)
        return []
