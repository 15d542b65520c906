"""Holds any target, mock or real, against the documents, safely, and says what does not hold."""
