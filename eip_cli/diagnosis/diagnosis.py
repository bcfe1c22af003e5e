"""All that is looked at, in the order in which it is shown."""

from dataclasses import dataclass

from .finding import Finding
from .machine import find_computing, find_settings, find_versions
from .places import find_caches, find_data, find_folders


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings for which a training could not start."""
        return tuple(finding for finding in self.findings if finding.fault is not None)


def diagnose() -> Diagnosis:
    """Look at this machine as a training would find it; starts the backend, and nothing else."""
    computing = list(find_computing())  # first, because it sets what the environment leaves open
    found = [*find_versions(), *computing, *find_settings(), *find_data(), *find_caches(), *find_folders()]
    return Diagnosis(tuple(found))
