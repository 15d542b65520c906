"""What a run tells the shell."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The status of a run; findings outweigh a part of the run that could not be made."""

    CONFORMS = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2


def exit_code(*, findings: int, faults: int) -> ExitCode:
    """The status of a run with so many findings that are not accepted, and so many parts that could not be run."""
    if findings:
        return ExitCode.FINDINGS
    return ExitCode.COULD_NOT_RUN if faults else ExitCode.CONFORMS
