"""What a platform knows that mixes accounts up: which keys came, and whose things are."""

from collections.abc import Callable

from tests.contracts.faults.exchange import text
from tests.contracts.faults.fault import Answer, Request, Send, Wrong

_KEYS = {"createCustomer": "customerId", "createMeterDefinition": "meterApiName"}


class Accounts:
    """Which keys were accepted, and whose things are: what a platform knows that mixes accounts up."""

    def __init__(self) -> None:
        self.last = ""
        self.owners: dict[tuple[str, str], str] = {}

    def learn(self, request: Request, answer: Answer) -> None:
        """Takes notice of a request that was taken."""
        if not answer.good or not request.key or request.key.startswith("Session "):
            return
        self.last = request.key
        name = _KEYS.get(request.operation)
        if name:
            self.owners[name, text(request.json(), name)] = request.key

    def owner(self, request: Request, name: str, key: str) -> str:
        """The key of the account that a thing is in; the request's own when that is not known."""
        return self.owners.get((name, key), request.key)


Mixed = Callable[[Accounts, Request, Answer, Send], Answer]
"""From what is known of accounts, a request and its right answer to the wrong one."""


def mixing(operations: frozenset[str], mixed: Mixed) -> Callable[[], Wrong]:
    """A fault that answers some operations with what it knows of the accounts; it gets the right answer first."""

    def make() -> Wrong:
        accounts = Accounts()

        def mix(request: Request, send: Send) -> Answer:
            answer = send(request)
            accounts.learn(request, answer)
            return mixed(accounts, request, answer, send) if request.operation in operations else answer

        return mix

    return make
