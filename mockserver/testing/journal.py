"""What an account was asked, and assertions about it that say what was asked instead."""

from collections.abc import Collection, Mapping
from typing import Any

from mockserver.testing import telling
from mockserver.testing.control import Control
from mockserver.testing.entries import Request, RequestWarning, request_from_journal
from mockserver.testing.options import MockServerError
from mockserver.testing.paths import Paths
from mockserver.testing.wanted import ANYTHING, EVERYTHING, Wanted, resolved


class MockJournal:
    """The requests of one account, oldest first; those to `/_mock/` are none of them.

    Args:
        control: the account's control operations.
        paths: the paths that can be asked for.
        size: how many requests the journal keeps.
        secret: the account's key, which no failure shows.
    """

    def __init__(self, control: Control, paths: Paths, size: int, *, secret: str) -> None:
        self._control = control
        self._paths = paths
        self._size = size
        self._secret = secret

    def __repr__(self) -> str:
        return f"MockJournal({len(self.requests)} requests)"

    @property
    def requests(self) -> list[Request]:
        """The requests that the journal still holds: the last 1000, or `--journal-size`."""
        return [request_from_journal(entry) for entry in self._control("GET", "/_mock/journal")["entries"]]

    @property
    def warnings(self) -> list[RequestWarning]:
        """All warnings of the requests."""
        return [warning for request in self.requests for warning in request.warnings]

    def assert_requested(  # noqa: PLR0913 - each says one thing of a request
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        operation: str | None = None,
        times: int | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = ANYTHING,
        status: int | None = None,
    ) -> list[Request]:
        """Fails unless such a request was made; the requests that are such.

        Args:
            method: `POST`.
            path: a path, or an operation's with its keys in braces: `/customers/{customerId}`.
            operation: an operationId.
            times: how often it was made; at least once when None.
            query: parameters that it has, others aside.
            body: what its body holds: of objects the named fields, others aside; lists from end to end.
            status: of the answer.

        Raises:
            AssertionError: it was not made, or not so often.
            ValueError: there is no such operation or path, so the assertion is mistaken.
            MockServerError: the journal does not hold all requests.
        """
        __tracebackhide__ = True
        wanted = resolved(Wanted(method, path, operation, query, body, status), self._paths)
        requests = self.requests
        found = [request for request in requests if wanted.matches(request)]
        if times is None and found:
            return found
        self._require_whole(requests, wanted)
        if times is None or len(found) != times:
            raise AssertionError(self._safe(telling.too_few_or_many(wanted, times, requests)))
        return found

    def assert_not_requested(  # noqa: PLR0913 - as assert_requested
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        operation: str | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = ANYTHING,
        status: int | None = None,
    ) -> None:
        """Fails if such a request was made; the arguments and errors are those of `assert_requested`."""
        __tracebackhide__ = True
        wanted = resolved(Wanted(method, path, operation, query, body, status), self._paths)
        requests = self.requests
        self._require_whole(requests, wanted)
        found = [request for request in requests if wanted.matches(request)]
        if found:
            raise AssertionError(self._safe(telling.unwanted(wanted, found)))

    def assert_no_warnings(self, *, ignoring: Collection[str] = ()) -> None:
        """Fails if a request left a warning.

        Args:
            ignoring: rules that may be warned of, such as `unknown-meter`.

        Raises:
            AssertionError: there is a warning.
            MockServerError: the journal does not hold all requests.
        """
        __tracebackhide__ = True
        rules = [ignoring] if isinstance(ignoring, str) else list(ignoring)
        requests = self.requests
        self._require_whole(requests)
        if any(warning.rule not in rules for request in requests for warning in request.warnings):
            raise AssertionError(self._safe(telling.warned(requests, rules)))

    def _require_whole(self, requests: list[Request], wanted: Wanted = EVERYTHING) -> None:
        """What fell out of the journal, or of a body, may have been what is asked about."""
        __tracebackhide__ = True
        made = requests[-1].sequence if requests else 0
        if made > len(requests) or self._size == 0:
            kept = "no request" if self._size == 0 else f"the last {len(requests)} of {made} requests"
            raise MockServerError(f"the journal keeps {kept}, so this cannot be said; raise it with --journal-size")
        cut = next((request for request in requests if wanted.undecided(request)), None)
        if cut is not None:
            raise MockServerError(f"request #{cut.sequence} has too long a body to be kept whole; compare smaller ones")

    def _safe(self, text: str) -> str:
        return text.replace(self._secret, "[key]")
