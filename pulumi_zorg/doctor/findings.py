"""What the checks found, as data. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pulumi_zorg.errors import clean

Status = Literal["ok", "warning", "error", "skipped"]

#: Characters of a message in JSON. Only a server that sends rubbish makes a longer one.
_LONGEST = 20_000


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    :param check: the name of the check; filled in by the pipeline.
    :param message: what is so, or what is wrong and what to do. It has no secret.
    :param org_id: the organization that it is about; None for the instance, and where it is about none.
    :param type: the type token that it is about; None where it is about none.
    :param missing: the permissions that are missing, by the action that needs them.
    """

    status: Status
    message: str
    check: str = ""
    org_id: str | None = None
    type: str | None = None
    missing: Mapping[str, tuple[str, ...]] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding for programs."""
        return {
            "check": self.check,
            "status": self.status,
            "message": clean(self.message, _LONGEST),
            "org_id": self.org_id,
            "type": self.type,
            "missing": None if self.missing is None else {action: list(them) for action, them in self.missing.items()},
        }


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing was found that makes `pulumi up` fail."""
        return not any(each.status in ("error", "skipped") for each in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the output of `zorg doctor --format json`. docs/schemas/doctor.json is its JSON schema."""
        findings = [each.as_json() for each in self.findings]
        return {"schema": "zorg-doctor/1", "healthy": self.healthy, "findings": findings}


#: All is well.
ok = partial(Finding, "ok")
#: It does not make `pulumi up` fail.
warning = partial(Finding, "warning")
#: It makes `pulumi up` fail.
error = partial(Finding, "error")


def skipped(cause: str) -> Finding:
    """Return the finding of a check that cannot be made.

    :param cause: the name of the check that failed.
    """
    return Finding("skipped", f"not checked, because the check {cause} failed")
