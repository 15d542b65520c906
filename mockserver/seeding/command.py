"""`mockserver seed URL`: the command line of the seeding."""

import ipaddress
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import click

from mockserver.seeding.plan import Plan, SeedOptions, plan
from mockserver.seeding.writer import Report, SeedError, Writer, Written

DEFAULT_KEY = "test-me"
STEPS = 10
"""Lines of progress where there is no terminal to draw on."""


class SeedFailed(click.ClickException):
    """Ends the command with its message and exit status 2."""

    exit_code = 2


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant (`2026-01-01` or `2026-01-01T12:00:00Z`); UTC where it names no zone."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, aware."""
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO 8601 instant such as 2026-01-01 or 2026-01-01T12:00:00Z", param, ctx)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def last_midnight() -> datetime:
    """The beginning of today in UTC, so that seeding twice in a day writes one account."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@click.command()
@click.argument("url")
@click.option("--customers", type=click.IntRange(1, 100_000), default=25, show_default=True, help="How many customers.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Days of history.")
@click.option("--events", type=click.IntRange(0), default=20_000, show_default=True, help="How many events.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed writes the same account.")
@click.option("--api-key", default=DEFAULT_KEY, show_default=True, help="The account to write into.")
@click.option("--end", type=Instant(), default=None, help="End of the history.  [default: the last midnight, UTC]")
@click.option("--yes-write-to-remote", is_flag=True, help="Write even if URL is not on this machine.")
def seed(  # noqa: PLR0913 - one parameter an option
    *,
    url: str,
    customers: int,
    days: int,
    events: int,
    seed: int,
    api_key: str,
    end: datetime | None,
    yes_write_to_remote: bool,
) -> None:
    """Fill the account at URL with customers, meters and a history of events.

    Everything goes through the public API. Writing the same account twice changes no usage: the events carry
    unique ids.
    """
    url, local = checked_url(url)
    if not (local or yes_write_to_remote):
        raise SeedFailed(
            f"{url} is not on this machine, and usage written to a real account is billed: "
            "give --yes-write-to-remote if you mean it"
        )
    options = SeedOptions(customers, days, events, seed, end or last_midnight())
    account = planned(options)
    try:
        with Writer(url, api_key, use_proxies=not local) as writer:
            written = writer.write(account, progress())
    except SeedError as error:
        raise SeedFailed(str(error)) from error
    click.echo(closing_words(url, api_key, account, written))


def planned(options: SeedOptions) -> Plan:
    """The plan; a history that leaves the calendar ends the command."""
    try:
        return plan(options)
    except ValueError as error:
        raise SeedFailed(f"--end and --days make no history: {error}") from error


def checked_url(url: str) -> tuple[str, bool]:
    """The root URL without a trailing slash, and whether it is on this machine.

    Raises:
        SeedFailed: it is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SeedFailed(f"{url} is no URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise SeedFailed(f"{url} is no http or https URL, such as http://127.0.0.1:8080")
    return url.rstrip("/"), is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone; nothing is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def progress() -> Report:
    """One line that is drawn over and over on a terminal; elsewhere a line for each tenth of the way."""
    return _drawn if sys.stderr.isatty() else _logged()


def _drawn(what: str, done: int, total: int) -> None:
    click.echo(f"\r{what}: {done:,} of {total:,}", err=True, nl=done == total)


def _logged() -> Callable[[str, int, int], None]:
    told: dict[str, int] = {}

    def report(what: str, done: int, total: int) -> None:
        step = done * STEPS // total
        if step > told.get(what, 0):
            told[what] = step
            click.echo(f"{what}: {done:,} of {total:,}", err=True)

    return report


def closing_words(url: str, api_key: str, account: Plan, written: Written) -> str:
    """What was written, and a usage query to paste."""
    options = account.options
    query = json.dumps(
        {
            "meterApiName": "api-calls",
            "startTimeInSeconds": int((options.end - min(timedelta(days=7), timedelta(options.days))).timestamp()),
            "endTimeInSeconds": int(options.end.timestamp()),
            "aggregation": "SUM",
            "timeGroupingInterval": "DAY",
            "groupBy": ["tier"],
        }
    )
    return (
        f"{url} (key {api_key}) has {written.customers:,} customers, {len(account.meters)} meters and "
        f"{written.events:,} events from {options.start:%Y-%m-%d} to {options.end:%Y-%m-%d}.\n"
        "Its last days of usage:\n\n"
        f"curl -s {url}/usage -H 'X-API-KEY: {api_key}' -H 'Content-Type: application/json' -d '{query}'"
    )
