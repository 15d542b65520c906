"""The mock inside a test process: a server in a thread, fresh accounts with clock and journal, an ASGI app.

The pytest plugin is made of this; unittest and plain scripts use it directly.
"""

import warnings

with warnings.catch_warnings():
    # Libraries behind the server warn of each other while they are imported, which is not the tests' business.
    warnings.simplefilter("ignore")
    from mockserver.testing.account import MockAccount
    from mockserver.testing.asgi import asgi_app
    from mockserver.testing.clock import MockClock
    from mockserver.testing.entries import Request, RequestWarning
    from mockserver.testing.journal import MockJournal
    from mockserver.testing.options import MockServerError
    from mockserver.testing.server import MockServer

__all__ = [
    "MockAccount",
    "MockClock",
    "MockJournal",
    "MockServer",
    "MockServerError",
    "Request",
    "RequestWarning",
    "asgi_app",
]
