"""An event loop in a thread of its own, for work that other threads and other loops hand to it."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines until it is closed.

    Args:
        name: the thread's name, as debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()
        self._ready.wait()

    def _live(self) -> None:
        # Not uvloop, and no policy: whatever the tests do to their own loops leaves this one alone.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Begins some work; any thread may ask for it.

        Raises:
            RuntimeError: the loop has ended.
        """
        if self.closed:
            work.close()
            raise RuntimeError("the mock was stopped and answers no more")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Does some work while the asking thread waits."""
        return self.submit(work).result()

    def close(self) -> None:
        """Ends the loop, and what is left in it."""
        if not self.closed:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
