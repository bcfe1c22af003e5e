"""What can go wrong in a way that a user can mend: one line each, and no traceback.

Every message names the offending thing and what would be right. The command line
prints it as ``Error: ...`` on standard error and exits with status 1.
"""


class EipError(Exception):
    """An expected failure. Its text is the one line that the user sees."""


class BackendError(EipError):
    """Keras, or what it computes with, cannot be started as this machine is set up."""


class DataError(EipError):
    """A dataset is missing, damaged, or not what it claims to be."""


class ModelError(EipError):
    """A network cannot be found, built, or used for this experiment."""


class CheckpointError(EipError):
    """A model file is missing, damaged, refused, or does not fit its network."""


class RunError(EipError):
    """A run directory is missing, taken, damaged, or cannot be continued."""


class RulesError(EipError):
    """A file of an assignment's rules is missing, or none."""


class TrainingError(EipError):
    """Training cannot start, or cannot go on."""


class SettingsWarning(UserWarning):
    """A setting of the user's that this program does not follow; one line, like an error's."""


def in_one_line(error: object) -> str:
    """The text of an error without line breaks, for where one line is promised."""
    return " ".join(str(error).split())
