"""The options of a server inside a test process are those of the command line, and mistakes in them are told."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mockserver.domain.identity import Dedup
from mockserver.settings import Settings
from mockserver.testing.options import MockServerError, arguments_of, settings_of

MARCH_MS = 1_772_323_200_000


def test_the_defaults_are_the_command_line_s() -> None:
    """Without options the settings are the defaults."""
    assert settings_of([]) == Settings()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"strict": True}, Settings(strict=True)),
        ({"strict": False, "clock": None}, Settings()),
        ({"clock": "2026-03-01", "freeze": True}, Settings(clock_ms=MARCH_MS, frozen=True)),
        ({"clock": datetime(2026, 3, 1, tzinfo=UTC)}, Settings(clock_ms=MARCH_MS)),
        ({"clock": datetime(1969, 12, 31, 23, tzinfo=UTC)}, Settings(clock_ms=-3_600_000)),
        ({"dedup": Dedup.RECORD}, Settings(dedup=Dedup.RECORD)),
        ({"dedup": "unique-id"}, Settings(dedup=Dedup.UNIQUE_ID)),
        ({"unit_price": Decimal("0.05")}, Settings(unit_price=Decimal("0.05"))),
        ({"api_key": ["one", "two"]}, Settings(api_keys=frozenset({"one", "two"}))),
        ({"body_limit": "1MB", "journal_size": 5}, Settings(body_limit=1024 * 1024, journal_size=5)),
        ({"no_cors": True, "no_conflict_warnings": True}, Settings(cors=False, conflict_warnings=False)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "set",
)
def test_options_have_python_names(options: dict[str, Any], expected: Settings) -> None:
    """Each option can be given by its name with underscores and a Python value."""
    assert settings_of(arguments_of(options)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--strikt"], "No such option '--strikt'. Did you mean '--strict'?; `mockserver serve --help` lists"),
        (["--clock", "soon"], "'soon' is no instant"),
        (["--dedup"], "'--dedup' requires an argument"),
        (["stray"], "unexpected extra argument"),
        (["--port", "8000"], "--port is not for a server inside a test process: it takes a free port; leave it out"),
        (["--host", "0.0.0.0"], "--host is not for a server inside a test process"),  # noqa: S104 - refused
        (["--log-format", "text"], "--log-format is not for a server inside a test process"),
        (["--help"], "--help shows the options and starts no server"),
    ],
    ids=lambda value: "told" if isinstance(value, str) else " ".join(value),
)
def test_a_mistake_is_one_line(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    """An option that is not known or has no place here is refused by name, and nothing is printed."""
    with pytest.raises(MockServerError) as refused:
        settings_of(arguments)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_an_instant_needs_a_zone() -> None:
    """A datetime without a zone is no instant, as an option either."""
    with pytest.raises(ValueError, match="has no zone"):
        arguments_of({"clock": datetime(2026, 3, 1)})  # noqa: DTZ001 - the mistake
