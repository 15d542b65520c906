"""Writes the reports that are files; nobody but their owner can read them."""

import os
from pathlib import Path

from contracts.conformance import Conformance
from contracts.model import RunError
from contracts.report.formats import FORMATS, Format

FILES = tuple(each for each in FORMATS.values() if each.name != "text")
"""The forms that a folder of reports holds; as text a report is for a terminal."""

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


def write_reports(conformance: Conformance, folder: Path) -> tuple[Path, ...]:
    """Writes each report into a folder, which is made when it is not there.

    Args:
        conformance: The report.
        folder: Where.

    Raises:
        RunError: A file cannot be written.
    """
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        return tuple(_write(conformance, each, folder) for each in FILES)
    except OSError as error:
        raise RunError(
            f"the report cannot be written to {folder}: {error.strerror}", "give another --report-dir"
        ) from None


def _write(conformance: Conformance, form: Format, folder: Path) -> Path:
    path = folder / form.file
    # The secrets are out of it already; this is the second lock.
    write_private(path, conformance.redactor.known(form.render(conformance)))
    return path


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, from its first byte on, whatever was there before.

    Args:
        path: Of the file; what is no file, such as a pipe or a terminal, is written to.
        text: Its content; lone surrogates are written as escapes.

    Raises:
        OSError: It cannot be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        return
    # A new file takes the old one's place: who may read that one, or has it open, sees nothing of this one.
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
