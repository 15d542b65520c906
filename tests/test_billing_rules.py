"""The rules of billing are as docs/billing-rules.md tells them: its examples are carried out over HTTP."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.billing_rules import GIVEN, NEW_YEAR, PAGE, STEPS, VIEWS, Example, check, examples
from tests.support.client import MockClient

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / PAGE).read_text()
EXAMPLES = list(examples(TEXT))
SECTIONS = dict(re.findall(r"^### ([^\n]+)\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL))
MARK = re.compile(r"\*(documented|our\s+reading)\b[^*]*\*", re.IGNORECASE)
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.line}: {each.section}")
def test_examples(mock: MockClient, example: Example) -> None:
    """What the page says comes of an example comes of it."""
    check(mock, example)


def altered(value: Any) -> Iterator[Any]:
    """A value with one of its numbers, texts or lengths changed: one after the other."""
    if isinstance(value, dict):
        yield from ({**value, name: other} for name, each in value.items() for other in altered(each))
    elif isinstance(value, list):
        yield [*value, {}]
        for place, each in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in altered(each))
    elif isinstance(value, str):
        yield f"not {value}"
    else:
        yield value + 0.01


@pytest.mark.parametrize("view", VIEWS)
def test_each_figure_counts(mock: MockClient, view: str) -> None:
    """One figure of the page that is wrong fails its example, with the place in the page."""
    example = next(each for each in EXAMPLES if view in each.then)
    wrong = list(altered(example.then[view]))
    assert len(wrong) > 1
    for each in wrong:
        client = MockClient(mock.url)
        with pytest.raises(AssertionError, match=re.escape(f"{example.place}: {view}")):
            check(client, replace(example, then={view: each}))
        client.close()


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ({"settings": {"gracePeriodInHours": -1}}, "400 gracePeriodInHours"),
        ({"settings": {"gracePeriodInHours": 1}, "refused": "400 gracePeriodInHours: negative-amount"}, "accepted"),
        ({"clock": NEW_YEAR, "refused": "400"}, "cannot be refused"),
        ({"unheard": {}}, "unheard"),
    ],
)
def test_each_step_counts(mock: MockClient, step: dict[str, Any], fault: str) -> None:
    """A step that is not known, or refused or accepted where the page does not say so, fails its example."""
    with pytest.raises(AssertionError, match=fault):
        check(mock, replace(EXAMPLES[0], given={"steps": [step]}))


def test_every_rule_has_an_example() -> None:
    """Each section has an example at least, says who says so and where the rule is kept, in modules that exist."""
    assert len(EXAMPLES) >= 100
    assert len(SECTIONS) == len(re.findall("^### ", TEXT, re.MULTILINE))
    assert list(SECTIONS) == list(dict.fromkeys(each.section for each in EXAMPLES))
    assert TEXT.count("```yaml") == len(EXAMPLES)
    for title, text in SECTIONS.items():
        assert MARK.search(text), title
        kept = [target for target in LINK.findall(text) if target.startswith("../mockserver/")]
        assert kept, title
        assert [target for target in kept if not (ROOT / "docs" / target).is_file()] == [], title


def named(heading: str) -> list[str]:
    """The names in the first column of a table of the page."""
    table = TEXT.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)


def test_the_form_of_examples_is_explained() -> None:
    """The page's tables name all that an example may be given, do and show, and each step's operation."""
    explained = {*named("`given`"), "price"}
    assert explained == GIVEN
    assert named("`then`") == list(VIEWS)
    assert dict(re.findall(r"^\| `([a-z-]+)` \| `(\w+)` \|$", TEXT, re.MULTILINE)) == STEPS
