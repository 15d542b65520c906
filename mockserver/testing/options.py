"""The options of `mockserver serve`, for a server that a test process starts itself."""

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import click
from click.core import ParameterSource

from mockserver.__main__ import serve, settings_from
from mockserver.settings import Settings
from mockserver.testing.instants import epoch_ms

ELSEWHERE = {
    "host": "it listens on 127.0.0.1",
    "port": "it takes a free port",
    "log_format": "its requests are in the journal",
}
"""Options that a server inside a test process does not have, with what holds instead."""


class MockServerError(RuntimeError):
    """The mock cannot do what was asked of it; the message says what to do."""


def settings_of(arguments: Sequence[str]) -> Settings:
    """Settings from arguments as `mockserver serve` takes them.

    Raises:
        MockServerError: an argument is none of its options, or none that makes sense inside a test process.
    """
    try:
        # Only --help prints while arguments are read, and then there is no server to go on with.
        with contextlib.redirect_stdout(io.StringIO()):
            context = serve.make_context("mockserver serve", [str(each) for each in arguments])
    except click.exceptions.Exit:
        raise MockServerError("--help shows the options and starts no server; leave it out") from None
    except click.ClickException as error:
        message = f"{error.format_message().rstrip('.')}; `mockserver serve --help` lists the options"
        raise MockServerError(message) from None
    for name, instead in ELSEWHERE.items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise MockServerError(f"{option} is not for a server inside a test process: {instead}; leave it out")
    return settings_from({name: value for name, value in context.params.items() if name not in ELSEWHERE})


def arguments_of(options: Mapping[str, Any]) -> list[str]:
    """Options by their Python names (`unit_price=…`, `freeze=True`) as arguments of the command line."""
    return [argument for name, value in options.items() for argument in _arguments(name, value)]


def _arguments(name: str, value: Any) -> Iterator[str]:
    option = f"--{name.replace('_', '-')}"
    for each in value if isinstance(value, list | tuple | set | frozenset) else [value]:
        if each is True:
            yield option
        elif each is not None and each is not False:
            yield f"{option}={_text(each)}"


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return str(epoch_ms(value))
    return str(value.value if isinstance(value, Enum) else value)
