"""Gates and ledgers for tests, towards a server on this machine that plays one elsewhere."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from contracts.gate import PLACEHOLDER, Gate, Terms
from contracts.ledger import Ledger
from contracts.model import Exchange, Keys, Target
from contracts.policy import READ_ONLY, Policy
from contracts.secrets import Secret
from specs import catalog
from tests.contracts.fake_clock import FakeClock

OWN_KEY = "canary-amberflo-key+/=1"
OTHER_KEY = "canary-other-key+/=2"
PREFIX = "mm-0123456789-"


def target(url: str, *, loopback: bool = False, keys: Keys | None = None) -> Target:
    """A target that is elsewhere, unless the test says that it is not."""
    own = Keys(Secret(OWN_KEY), Secret(OTHER_KEY), None)
    return Target(url, "amberflo", "published", loopback, own if keys is None else keys, "elsewhere")


def ledger(folder: Path, url: str, clock: FakeClock | None = None) -> Ledger:
    """A new ledger whose prefix is known."""
    made = clock or FakeClock()
    return Ledger.create(folder / "ledger.jsonl", target=url, document="amberflo", clock=made, prefix=PREFIX)


class Gated:
    """A gate on a fake clock, what it recorded, and a session of it."""

    def __init__(
        self,
        where: Target,
        *,
        policy: Policy = READ_ONLY,
        book: Ledger | None = None,
        terms: Terms | None = None,
        operations: Sequence[catalog.Operation] = (),
    ) -> None:
        self.clock = FakeClock()
        self.exchanges: list[Exchange] = []
        self.gate = Gate(
            where,
            operations or catalog.document("amberflo").operations,
            policy=policy,
            ledger=book,
            terms=terms or Terms(),
            clock=self.clock,
            observe=self.exchanges.append,
        )
        self.session = self.gate.session()

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Sends a request that carries the placeholder of the key, and `body` as JSON."""
        headers = {"X-API-KEY": PLACEHOLDER, **options.pop("headers", {})}
        data = options.pop("data", None)
        if body is not None:
            data = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return self.session.request(method, self.gate.target.url + path, data=data, headers=headers, **options)
