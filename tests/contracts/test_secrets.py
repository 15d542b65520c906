"""A key is not seen, whatever is done with the object that holds it."""

import copy
import json
import pickle
import traceback

import pytest

from contracts.model import Keys, Target
from contracts.secrets import Secret

CANARY = "canary-key-123"


@pytest.mark.parametrize("write", [repr, str, "{}".format, "{!r:>40}".format, lambda secret: f"{[secret]}"])
def test_text_of_a_secret_is_masked(write: object) -> None:
    """No way to make text of a secret shows it."""
    assert callable(write)
    assert CANARY not in write(Secret(CANARY))


def test_target_with_keys_is_masked() -> None:
    """The objects that hold keys can be printed."""
    keys = Keys(Secret(CANARY), Secret(CANARY + "2"), Secret(CANARY + "3"))
    target = Target("http://127.0.0.1:1", "amberflo", None, loopback=True, keys=keys)
    assert CANARY not in repr(keys) + repr(target) + str(target)


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, copy.deepcopy])
def test_secret_is_not_written(write: object) -> None:
    """A secret cannot get into a file by way of what holds it."""
    assert callable(write)
    with pytest.raises(TypeError):
        write({"key": Secret(CANARY)})


def test_traceback_does_not_show_a_secret() -> None:
    """An error about a secret does not tell it."""
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_secrets_compare_by_their_text() -> None:
    """Two accounts with one key are noticed."""
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY + "x")
    assert len({Secret(CANARY), Secret(CANARY)}) == 1
