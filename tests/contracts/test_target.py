"""A target is read strictly: what is this machine, what is elsewhere, and whose keys are used."""

import pytest

from contracts.keys import key_header, read_keys
from contracts.model import RunError
from contracts.secrets import Secret
from contracts.target import TREAT_AS_REMOTE, is_loopback, read_target
from specs import catalog

CANARY = "canary-key-123"
SET = {"AMBERFLO_API_KEY": CANARY}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1"])
def test_this_machine(host: str) -> None:
    """The names and addresses of this machine."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "10.0.0.1",
        "127.1",
        "2130706433",
        "localhost.example.com",
        "example.com",
        "",
        "::",
        "127.0.0.1.nip.io",
    ],
)
def test_elsewhere(host: str) -> None:
    """What is not surely this machine is elsewhere; nothing is looked up."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "read", "name"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "loopback"),
        ("http://localhost:1/", "http://localhost:1", "loopback"),
        ("https://App.Example.com/API/", "https://app.example.com/API", "app.example.com/API"),
        ("https://[::1]:8/x", "https://[::1]:8/x", "loopback"),
    ],
)
def test_url_is_kept_in_one_form(url: str, read: str, name: str) -> None:
    """The root has no slash at its end; targets of this machine share a name, since their ports change."""
    target = read_target(url, dialect="live", environment=SET)
    assert (target.url, target.name) == (read, name)
    assert target.loopback == (name == "loopback")


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http:///x", "http://a b", "http://127.0.0.1:99999",
        "http://127.0.0.1:x", "http://user:canary-key-123@127.0.0.1", "http://127.0.0.1/?key=canary-key-123",
        "http://127.0.0.1/#x", "http://[::1", "http://127.0.0.1/\n",
    ],
)  # fmt: skip
def test_url_of_no_target_is_refused(url: str) -> None:
    """One clear line, which does not repeat what may be a password."""
    with pytest.raises(RunError, match="the target") as caught:
        read_target(url, environment=SET)
    assert CANARY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dialect_must_be_said_elsewhere() -> None:
    """A real target speaks one dialect, and nobody guesses which."""
    with pytest.raises(RunError, match="--dialect"):
        read_target("https://example.com", environment=SET)
    assert read_target("https://example.com", document="api.yaml", environment=SET).dialect is None
    assert read_target("http://127.0.0.1", environment=SET).dialect is None
    with pytest.raises(RunError, match="no dialect"):
        read_target("http://127.0.0.1", dialect="new", environment=SET)


@pytest.mark.parametrize(("value", "loopback"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_this_machine_can_play_another(value: str, *, loopback: bool) -> None:
    """An environment variable lets a test treat this machine as elsewhere."""
    target = read_target("http://127.0.0.1", dialect="live", environment={**SET, TREAT_AS_REMOTE: value})
    assert target.loopback is loopback


def test_keys_are_made_up_on_this_machine_when_none_is_set() -> None:
    """Two fresh accounts of the mock, other ones each time; none elsewhere."""
    first, second = (read_keys({}, loopback=True) for _ in range(2))
    values = [key.reveal() for keys in (first, second) for key in (keys.amberflo, keys.other) if key]
    assert len(set(values)) == 4
    assert all(value.startswith("test-") for value in values)
    assert first.solvimon == first.amberflo
    assert read_keys({}, loopback=False).all() == ()


@pytest.mark.parametrize("loopback", [True, False])
def test_keys_that_are_set_are_used_and_no_other(*, loopback: bool) -> None:
    """What is not set is missing, on this machine too: its checks are not reachable."""
    keys = read_keys({"AMBERFLO_OTHER_API_KEY": "b", **SET}, loopback=loopback)
    assert keys.amberflo == Secret(CANARY)
    assert keys.other == Secret("b")
    assert keys.solvimon is None


def test_a_session_is_no_key() -> None:
    """A token of a session alone still lets keys be made up, and is masked like one."""
    keys = read_keys({"AMBERFLO_SESSION": CANARY}, loopback=True)
    assert keys.session == Secret(CANARY)
    assert keys.amberflo is not None
    assert keys.session in keys.all()
    with pytest.raises(RunError, match="AMBERFLO_SESSION"):
        read_keys({"AMBERFLO_SESSION": " x"}, loopback=False)


def test_key_of_the_command_line_is_for_this_machine() -> None:
    """A command line is seen by others, so a real key never has to stand there."""
    keys = read_keys({"AMBERFLO_OTHER_API_KEY": "b", **SET}, loopback=True, api_key="test-mine")
    assert keys.amberflo == keys.solvimon == Secret("test-mine")
    assert keys.other == Secret("b")
    with pytest.raises(RunError, match="AMBERFLO_API_KEY") as caught:
        read_keys({}, loopback=False, api_key=CANARY)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", [CANARY + "\n", " " + CANARY, CANARY + "ä", CANARY + "\r\nX-Odd: 1"])
def test_key_that_no_header_can_carry_is_refused(value: str) -> None:
    """A key with a line break is one clear line that does not show it."""
    with pytest.raises(RunError, match="AMBERFLO_API_KEY") as caught:
        read_keys({"AMBERFLO_API_KEY": value}, loopback=False)
    assert CANARY not in str(caught.value)


def test_second_account_is_another_one() -> None:
    """The same key twice would make every account look open to the other."""
    with pytest.raises(RunError, match="same key"):
        read_keys({"AMBERFLO_OTHER_API_KEY": CANARY, **SET}, loopback=False)


def test_header_of_the_key_is_the_documents() -> None:
    """A document says where it wants its key; the vendors' say X-API-KEY, and so does one that is silent."""
    assert {key_header(each.spec) for each in catalog.documents()} == {"X-API-KEY"}
    assert key_header({}) == "X-API-KEY"
    schemes = {"a": {"type": "http"}, "b": {"type": "apiKey", "in": "header", "name": "X-Other"}}
    assert key_header({"components": {"securitySchemes": schemes}}) == "X-Other"
