"""Reports of targets that want more of a report than to be told of."""

from dataclasses import replace
from typing import Any

from contracts.conformance import Conformance, Fault, Requests, Unreached, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Accepted, Judgement
from contracts.model import DocumentLine, Example, Finding, Result
from contracts.results import Cell, Outcome
from tests.contracts.made import conformance, deviation, exchange, finding

SPITE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](http://evil.example.com) "
    "![p](http://evil.example.com/p) "
    "@everyone #1 org/repo#2 http://evil.example.com www.evil.example.com a@evil.example.com :smile: $x$ | a | b | "
    "`code` ``` ~~~ ```mermaid &#64;all &lt;b&gt; <!-- --> \\ \\| **bold** _it_ ~~s~~ ]]> {{x}} {0} GH-1 "
    "\r\n\r\n# heading\n```\n@name\n```\n</details>\n- [ ] task\n/close\n"
    "\x00\x07\x1b[31m\x1b]0;title\x07\x7f\x9b31m "
    "\u202eright to left\u202c \u2066x\u2069 \u200b\ufeff \u2028 \ud800 \U000e0041 "
    "\u05d0\u05d1\u05d2 \u0627\u0644"
)
"""Everything that some reader of some form of a report would obey."""

UNSEEN = "\x00\x07\x1b\x7f\x9b\u202e\u202c\u2066\u2069\u200b\ufeff\u2028\ud800\U000e0041"
"""The characters of it that nobody sees."""


def spiteful_finding(text: str = SPITE, **more: Any) -> Finding:
    """A finding with the text in every field that holds one."""
    sent = replace(
        exchange(body=text.encode("utf-8", "surrogatepass")),
        operation_id=text,
        method=text,
        path=text,
        headers={text: text},
        body=text.encode("utf-8", "surrogatepass"),
        response_headers={text: text},
    )
    made = finding(
        **{"target": text, "document": text, "operation_id": text, "check": text, "schema_path": text, **more},
        dialects=(text,),
    )
    return replace(
        made,
        expected=text,
        got=text,
        rests_on=DocumentLine(text, 3),
        evidence=text,
        examples=(Example(f"curl {text}", sent),),
    )


def spiteful(text: str = SPITE) -> Conformance:
    """A report with the text in every field that holds one."""
    found = spiteful_finding(text)
    agreed = replace(deviation(operation_id=text, check=text), reason=text, owner=text, until=text)
    covered = OperationCoverage(
        *(text, text, text, text, text, text, text, Covered.UNTESTED, text),
        statuses=((text, Covered.TESTED),),
        parameters=(Parameter(text, text, Covered.UNTESTED),),
        keywords=(Keyword(text, met=True, broken=False),),
    )
    made = conformance(
        Judgement((found,), (Accepted(found, agreed),), (Accepted(found, agreed),), (agreed,), (agreed,)),
        target=text,
        url=text,
        profile=text,
        versions={"metermock": text, text: text},
        requests=Requests(1, 1, {text: 1}, {text: 1}, {text: 1}, {text: 1}),
        outcomes=tuple(Outcome(Cell(text, text, text, text), result, text, 1, 1, 1, text) for result in Result),
        readings=(found,),
        faults=(Fault(text, text, text, text),),
        unreached=(Unreached(text, text, text),),
        coverage=(covered,),
        words=(Words(text, "law", text, text, text),),
        notes=(text,),
        excused={text: 1},
    )
    return replace(
        made, documents=tuple(replace(each, name=text, dialect=text, digest=text) for each in made.documents)
    )


def empty() -> Conformance:
    """A report of no test at all."""
    return conformance(
        Judgement(open=()), outcomes=(), faults=(), notes=(), excused={}, documents=(), versions={}, words=()
    )


def many(count: int) -> Conformance:
    """A report of many findings, each with an operation of its own."""
    return conformance(Judgement(tuple(finding(operation_id=f"operation{number}") for number in range(count))))
