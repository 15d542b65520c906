"""Where the document of the tiny server is."""

from pathlib import Path

THINGS = Path(__file__).with_name("things.yaml")
