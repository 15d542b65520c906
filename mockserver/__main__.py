"""The command line: `mockserver serve`, `mockserver seed`, `mockserver operations`."""

import contextlib
import errno
import logging
import socket
import sys
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from typing import Any

import click
import uvicorn

from mockserver.app import create_app, tiers
from mockserver.domain.identity import Dedup
from mockserver.engine.clock import Clock
from mockserver.handlers import bindings
from mockserver.http import accesslog
from mockserver.http.control import instant_ms
from mockserver.settings import MEGABYTE, Settings
from specs import catalog

SIZES = {"KB": 1024, "MB": MEGABYTE, "GB": 1024 * MEGABYTE}


class Instant(click.ParamType[int]):
    """An ISO 8601 instant, or Unix milliseconds; no zone means UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The value of one argument; a usage error when it is none."""
        text = str(value)
        try:
            instant = int(text) if text.lstrip("-").isdigit() else instant_ms(text)
            Clock(instant)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no instant of the years 1 to 9999; write 2026-01-31T12:00:00Z", param, ctx)
        return instant


class Size(click.ParamType[int]):
    """A number of bytes, with KB, MB or GB if wanted."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The value of one argument; a usage error when it is none."""
        text = str(value).upper().strip()
        unit = next((each for each in SIZES if text.endswith(each)), "")
        digits = text.removesuffix(unit).strip()
        if not (digits.isascii() and digits.isdigit() and int(digits) > 0):
            self.fail(f"{value!r} is no size; write 32MB", param, ctx)
        return int(digits) * SIZES.get(unit, 1)


class Money(click.ParamType[Decimal]):
    """A decimal amount."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The value of one argument; a usage error when it is none."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is no amount; write 0.05", param, ctx)
        return amount


class Commands(click.Group):
    """The commands; `seed` is imported when it is asked for, since its data generator would slow each start."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return sorted([*super().list_commands(ctx), "seed"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name != "seed":
            return super().get_command(ctx, cmd_name)
        from mockserver.seeding.command import seed  # noqa: PLC0415 - see the class

        return seed


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="metermock", prog_name="mockserver")
def main() -> None:
    """A mock server with real state for usage-metering and billing APIs."""


@main.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets other machines in.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one.")
@click.option(
    "--api-key", "api_keys", multiple=True, help="Accept exactly this key (repeatable) instead of any test-… key."
)
@click.option(
    "--dedup",
    default=Dedup.EVENT.value,
    type=click.Choice([each.value for each in Dedup]),
    help="What makes two events the same.",
)
@click.option("--strict", is_flag=True, help="Refuse what otherwise leaves a warning in the journal.")
@click.option("--clock", type=Instant(), default=None, help="Instant at which clocks start.  [default: the real time]")
@click.option("--freeze", is_flag=True, help="Let clocks stand still until they are advanced.")
@click.option("--unit-price", type=Money(), default="1.00", help="What a unit costs under a plan that is not defined.")
@click.option("--body-limit", type=Size(), default="32MB", help="Largest request body, inflated.")
@click.option("--charge-path", default=catalog.CHARGE_PATH, help="Path of Solvimon's charge events.")
@click.option("--journal-size", type=click.IntRange(0), default=1000, help="Requests kept in each journal.")
@click.option("--no-conflict-warnings", is_flag=True, help="Save time: do not look for conflicting duplicates.")
@click.option("--no-cors", is_flag=True, help="Refuse pages from other origins.")
@click.option(
    "--log-format", default="text", type=click.Choice(accesslog.FORMATS), help="Access log on standard error."
)
def serve(host: str, port: int, log_format: str, **options: Any) -> None:
    """Serve the documents, with state."""
    try:
        settings = settings_from(options)
        app = create_app(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    listener = listen(host, port)
    accesslog.configure(log_format)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    banner(f"http://{url_host(host)}:{listener.getsockname()[1]}", settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=5,
    )
    # After its own clean stop, uvicorn raises the signal once more; that is no error.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def settings_from(options: dict[str, Any]) -> Settings:
    """Settings from the command line's options."""
    keys = options.pop("api_keys")
    return Settings(
        api_keys=frozenset(keys) if keys else None,
        dedup=Dedup(options.pop("dedup")),
        clock_ms=options.pop("clock"),
        frozen=options.pop("freeze"),
        conflict_warnings=not options.pop("no_conflict_warnings"),
        cors=not options.pop("no_cors"),
        **options,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; one clear line and exit 2 when there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = "the port is taken; choose another with --port" if error.errno == errno.EADDRINUSE else error.strerror
        click.echo(f"mockserver: cannot listen on {host}:{port}: {reason}", err=True)
        sys.exit(2)
    return listener


def url_host(host: str) -> str:
    """The host as a URL on this machine names it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown


def banner(url: str, settings: Settings) -> None:
    """Where the server is, what to paste, what is served."""
    key = next(iter(sorted(settings.api_keys))) if settings.api_keys else "test-me"
    counted = tiers(bindings())
    counts = ", ".join(f"{count} {tier.value}" for tier, count in counted.items() if count)
    keys = "the given ones" if settings.api_keys else "any that begins with test-; each is an account"
    event = '{"meterApiName":"api-calls","customerId":"acme","meterValue":1,"meterTimeInMillis":1718153645993}'
    click.echo(
        f"metermock {version('metermock')} serves {sum(counted.values())} operations ({counts}) at {url}\n"
        f"  documentation  {url}/_mock/docs/\n"
        f"  try            curl -H 'X-API-KEY: {key}' -H 'Content-Type: application/json' {url}/ingest -d '{event}'\n"
        f"  keys           {keys}\n"
        "  stop           Ctrl+C"
    )


@main.command(name="operations")
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
def list_operations(form: str) -> None:
    """List every operation with its document, evidence and tier, and why it is no more than an example."""
    bound = bindings()
    rows = [(operation, bound[operation.operation_id]) for operation in catalog.served().operations]
    for operation, binding in rows:
        document = f"{operation.document}/{operation.family}"
        reason = f" ({binding.reason})" if binding.reason else ""
        if form == "markdown":
            called = f"`{operation.method} {operation.path}`"
            click.echo(f"| {called} | {document} | {operation.evidence} | {binding.tier.value}{reason} |")
        else:
            called = f"{operation.method:<6} {operation.path}"
            click.echo(f"{binding.tier.value:<10} {operation.evidence:<11} {document:<32} {called}{reason}")


if __name__ == "__main__":
    main()
