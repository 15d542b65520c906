"""What a server is told when it starts."""

from dataclasses import dataclass
from decimal import Decimal

from mockserver.domain.identity import Dedup
from specs.catalog import CHARGE_PATH

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one server; the defaults are those of the command line.

    Attributes:
        api_keys: the exact keys that are accepted; None accepts every key that begins with `test-`.
        dedup: what makes two events the same, in accounts that say nothing else.
        strict: whether each warning is a refusal.
        conflict_warnings: whether duplicates with other content are looked for.
        unit_price: what a unit of usage costs under a plan that is not defined.
        currency: ISO code printed on invoices.
        clock_ms: instant at which every account's clock starts; None is the machine's time.
        frozen: whether clocks stand still until they are set or advanced.
        body_limit: bytes a request body may have, after inflation too.
        charge_path: path of Solvimon's charge events.
        journal_size: requests kept in each account's journal.
        cors: whether browsers on other origins may call.
        fast: whether Connexion runs on the prebuilt path; off, stock Connexion answers the same, slower.
    """

    api_keys: frozenset[str] | None = None
    dedup: Dedup = Dedup.EVENT
    strict: bool = False
    conflict_warnings: bool = True
    unit_price: Decimal = Decimal("1.00")
    currency: str = "USD"
    clock_ms: int | None = None
    frozen: bool = False
    body_limit: int = 32 * MEGABYTE
    charge_path: str = CHARGE_PATH
    journal_size: int = 1000
    cors: bool = True
    fast: bool = True
