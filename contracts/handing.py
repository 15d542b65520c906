"""Hands out what was rendered: to standard output, or to a file that only its owner can read."""

import os
import sys
from pathlib import Path

from rich.console import Console

from contracts.conformance import Conformance
from contracts.model import RunError
from contracts.report.files import write_private
from contracts.report.formats import FORMATS
from contracts.report.terminal import print_report


def print_rendered(conformance: Conformance, form: str) -> None:
    """Prints a report; as text on a terminal it has its width and colours.

    Args:
        conformance: The report.
        form: One of `contracts.report.formats.FORMATS`.

    Raises:
        RunError: Standard output cannot be written to.
    """
    if form == "text" and sys.stdout.isatty():
        print_report(conformance, Console(highlight=False, markup=False))
    else:
        print_text(FORMATS[form].render(conformance))


def write_rendered(conformance: Conformance, form: str, output: Path) -> None:
    """Writes a report to a file.

    Args:
        conformance: The report.
        form: One of `contracts.report.formats.FORMATS`.
        output: The file; what was in it before is gone.

    Raises:
        RunError: It cannot be written.
    """
    try:
        write_private(output, FORMATS[form].render(conformance))
    except OSError as error:
        raise RunError(f"{output} cannot be written: {error.strerror}", "give another --output") from None


def print_text(text: str) -> None:
    """Prints a text as it is, whatever standard output would make of its characters.

    Raises:
        RunError: Standard output cannot be written to.
    """
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads it has seen enough; without this Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise RunError(
            f"standard output cannot be written to: {error.strerror}", "give --output, or free space"
        ) from None
