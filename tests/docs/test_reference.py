"""The pages of the reference are those that the code makes."""

import pytest

from scripts.reference_pages import FOLDER, PAGES, commands


@pytest.mark.parametrize("name", PAGES)
def test_page_is_made_of_the_code(name: str) -> None:
    """Each committed page is what `scripts/reference` writes today."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run scripts/reference"


def test_nothing_else_is_in_the_folder() -> None:
    """The folder holds no page that nobody makes."""
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("command", ["contracts check", "contracts laws judge", "mockserver serve", "mockserver seed"])
def test_commands_are_found_in_their_groups(command: str) -> None:
    """The page has the commands inside of groups, and those that are imported late."""
    assert f" {command}\n" in commands()
