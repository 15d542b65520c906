"""The access log: one line a request, as text for people or JSON for machines. Keys are never written."""

import logging
import sys
import time
from typing import Any

from mockserver.http.answer import json_bytes
from mockserver.http.exchange import Scope

access = logging.getLogger("mockserver.access")

FORMATS = ("text", "json", "off")


def log_access(scope: Scope, status: int, duration_us: int, operation_id: str | None, warnings: int) -> None:
    """Writes the line of one request, when somebody listens."""
    if access.isEnabledFor(logging.INFO):
        fields = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"],
            "operationId": operation_id,
            "status": status,
            "durationUs": duration_us,
            "warnings": warnings,
        }
        access.info("%(method)s %(path)s", fields)


class TextFormatter(logging.Formatter):
    """`12:00:00 POST /ingest 200 412us` and the warnings, if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields: Any = record.args
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{clock} {fields['method']} {fields['path']} {fields['status']} {fields['durationUs']}us"
        count = fields["warnings"]
        return f"{line} ({count} warning{'s' if count > 1 else ''}, see /_mock/journal)" if count else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields: Any = record.args
        return json_bytes({"time": round(record.created, 3), **fields}).decode("utf-8")


def configure(log_format: str) -> None:
    """Sends the access log to standard error in one of `FORMATS`."""
    access.propagate = False
    access.handlers.clear()
    if log_format == "off":
        access.setLevel(logging.CRITICAL)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    access.addHandler(handler)
    access.setLevel(logging.INFO)
