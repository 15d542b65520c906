"""The wheel, installed in an empty environment, is the whole product: the commands and the documents inside."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("amberflo", "amberflo.published", "amberflo.live", "solvimon")

pytestmark = pytest.mark.slow(seconds=60)


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command outside the checkout's reach; its standard output. A failure shows all that it said."""
    finished = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


def environment() -> dict[str, str]:
    """The environment without what would let Python find the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "COV"))}


def constraints() -> str:
    """The lock's versions without their hashes: pip checks the hashes of all packages or of none."""
    pinned = re.findall(
        r"^([a-z0-9._-]+==[^\s;]+(?: ;[^\\\n]+)?)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    return "\n".join(pinned) + "\n"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory outside the checkout."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def wheel(elsewhere: Path) -> Path:
    """The built wheel."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", elsewhere / "dist", ROOT, cwd=elsewhere)
    (built,) = (elsewhere / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel: Path, elsewhere: Path) -> Path:
    """The folder of commands of an empty environment into which the wheel was installed, with what it declares."""
    venv.create(elsewhere / "venv")
    (elsewhere / "constraints.txt").write_text(constraints())
    installed = elsewhere / "venv" / "bin"
    # Most of what is installed is never imported, so nothing is compiled ahead.
    quickly = ("--quiet", "--no-compile", "-c", elsewhere / "constraints.txt")
    run(*pip(installed), "install", *quickly, wheel, cwd=elsewhere)
    return installed


def pip(commands: Path) -> tuple[str | Path, ...]:
    """The pip of the tests at work on the environment of these commands, which needs none of its own."""
    return sys.executable, "-m", "pip", "--python", commands / "python"


@pytest.fixture(scope="module")
def url(commands: Path, elsewhere: Path) -> Iterator[str]:
    """The URL of a server that was started from the wheel."""
    with subprocess.Popen(
        [str(commands / "mockserver"), "serve", "--port", "0"],
        cwd=elsewhere,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout
        first_line = server.stdout.readline()
        try:
            found = re.search(r"http://\S+", first_line)
            assert found, first_line + server.stdout.read()
            yield found[0]
        finally:
            server.terminate()


def test_the_wheel_holds_the_product_alone(wheel: Path) -> None:
    """The packages and the documents are in the wheel; tests and scripts are not."""
    names = run(sys.executable, "-m", "zipfile", "-l", wheel, cwd=wheel.parent)
    assert "specs/amberflo/metering.yaml" in names
    assert "mockserver/py.typed" in names
    assert "contracts/report/report.schema.json" in names
    assert "tests/" not in names
    assert "scripts/" not in names


@pytest.mark.parametrize(("command", "names"), [("mockserver", ("serve", "seed")), ("contracts", ("check", "cleanup"))])
def test_the_commands_are_there(commands: Path, elsewhere: Path, command: str, names: tuple[str, ...]) -> None:
    """Both commands are installed, and their help names what they do."""
    shown = run(commands / command, "--help", cwd=elsewhere)
    assert all(name in shown for name in names)


def test_what_is_imported_is_the_wheel(commands: Path, elsewhere: Path) -> None:
    """The packages come from the environment and not from the checkout, and their dependencies agree."""
    code = "import contracts, mockserver, specs; print(contracts.__file__, mockserver.__file__, specs.__file__)"
    assert str(ROOT) not in run(commands / "python", "-c", code, cwd=elsewhere)
    run(*pip(commands), "check", cwd=elsewhere)


def test_the_server_is_healthy(url: str) -> None:
    """A server from the wheel answers."""
    assert httpx.get(f"{url}/_mock/health").status_code == httpx.codes.OK


def test_the_checker_holds_the_server_to_the_documents(commands: Path, elsewhere: Path, url: str) -> None:
    """`contracts check` of the wheel finds the server of the wheel conforming, by the documents inside."""
    told = run(
        commands / "contracts",
        "check",
        url,
        "--document",
        "solvimon",
        "--profile",
        "smoke",
        "--seed",
        "1",
        cwd=elsewhere,
    )
    assert "It conforms" in told


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_are_inside(url: str, name: str) -> None:
    """Every document is served from the wheel."""
    assert httpx.get(f"{url}/_mock/documents/{name}.json").json()["paths"]


def test_the_seed_command_fills_it(commands: Path, url: str, elsewhere: Path) -> None:
    """`mockserver seed` of the wheel fills the server of the wheel, and its customers can be read."""
    run(
        commands / "mockserver",
        "seed",
        url,
        "--customers",
        "3",
        "--events",
        "50",
        "--api-key",
        "test-wheel",
        cwd=elsewhere,
    )
    customers = httpx.get(f"{url}/customers", headers={"X-API-KEY": "test-wheel"}).json()
    assert len(customers) == 3
