"""A family of operations is one document, one module of handlers and one test; nothing else is touched."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

DOCUMENT = """\
openapi: 3.0.3
info:
  title: Gadgets
  version: 1.0.0
security:
  - ApiKeyAuth: []
tags:
  - name: Gadgets
x-dialect: live
paths:
  /gadgets:
    get:
      operationId: listGadgets
      x-evidence: inferred
      description: All gadgets. The operation is our reading.
      tags: [Gadgets]
      responses:
        '200':
          description: The gadgets
          content:
            application/json:
              schema:
                type: array
                items:
                  $ref: '#/components/schemas/Gadget'
        '401':
          $ref: 'common.yaml#/components/responses/Unauthorized'
    post:
      operationId: createOrUpdateGadget
      x-evidence: inferred
      description: Stores a gadget. The operation is our reading.
      tags: [Gadgets]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Gadget'
      responses:
        '200':
          description: The gadget
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Gadget'
        '400':
          $ref: 'common.yaml#/components/responses/BadRequest'
        '401':
          $ref: 'common.yaml#/components/responses/Unauthorized'
        '413':
          $ref: 'common.yaml#/components/responses/TooLarge'
components:
  schemas:
    Gadget:
      type: object
      required: [id]
      properties:
        id:
          type: string
          minLength: 1
          example: gadget-1
        lockingStatus:
          $ref: 'common.yaml#/components/schemas/LockingStatusInput'
"""

HANDLERS = '''\
"""Gadgets."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.resource import Resource

GADGETS = Resource("gadgets", noun="gadget", locking=True)

BINDINGS: Mapping[str, Binding] = {"listGadgets": GADGETS.list(), "createOrUpdateGadget": GADGETS.upsert()}
'''

TEST = '''\
"""Gadgets: written, read back, replaced."""

from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

ROUND_TRIPS = {
    "gadgets": [
        Step("createOrUpdateGadget", body={"id": "g", "size": 1}, expect={"id": "g", "lockingStatus": "open"}),
        Step("listGadgets", expect=[{"id": "g", "size": 1}]),
        Step("createOrUpdateGadget", body={"id": "g", "size": 2}, expect={"size": 2}),
        Step("listGadgets", expect=[{"id": "g", "size": 2}]),
        Step("createOrUpdateGadget", body={"id": ""}, status=400),
    ]
}


def test_round_trip(mock: MockClient) -> None:
    """A gadget is kept."""
    run(mock, ROUND_TRIPS["gadgets"])
'''

ADDED = {
    "specs/amberflo/gadgets.yaml": DOCUMENT,
    "mockserver/handlers/gadgets.py": HANDLERS,
    "tests/handlers/test_gadgets.py": TEST,
}
COPIED = ("specs", "mockserver", "tests", "pyproject.toml")
CHECKED = (
    "tests/handlers/test_gadgets.py",
    "tests/handlers/test_round_trips.py::test_every_operation_stands_in_a_round_trip",
    "tests/specs/test_documents.py",
)


@pytest.mark.slow
def test_a_family_is_three_files(tmp_path: Path) -> None:
    """With its three files added, the tests of the documents, of the tables and of the family itself pass in a copy."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for name, text in ADDED.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *CHECKED]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-2000:]
    assert "passed" in finished.stdout.splitlines()[-1]
