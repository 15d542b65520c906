"""Pages from other origins may call the mock, as a frontend under development must."""

from starlette.middleware.cors import CORSMiddleware

from mockserver.http.answer import Send
from mockserver.http.bodies import Receive
from mockserver.http.exchange import Scope, header
from mockserver.http.fastpath import App


def cross_origin(app: App) -> App:
    """The app with CORS for any origin. Only a browser sends Origin; all other requests go straight on."""
    cors = CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"])

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        crossing = scope["type"] == "http" and header(scope, b"origin") is not None
        await (cors if crossing else app)(scope, receive, send)

    return serve
