"""The pipeline of ``zorg doctor``: the checks in their order, each with the checks without which it cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pulumi_zorg.doctor import credential, machine, server
from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Diagnosis, Finding, error, skipped
from pulumi_zorg.errors import DOCTOR, ZorgError


@dataclass(frozen=True)
class Check:
    """A check.

    :param find: returns its findings. A ``ZorgError`` that it raises is one too.
    :param after: the checks that must have succeeded.
    """

    name: str
    find: Callable[[Examination], Finding | Iterable[Finding]]
    after: tuple[str, ...] = ()


CHECKS = (
    Check("engine", machine.check_engine),
    Check("python", machine.check_python),
    Check("sdk", machine.check_sdk),
    Check("checkpoints", machine.check_checkpoints),
    Check("settings", server.check_settings),
    Check("address", server.check_address, ("settings",)),
    Check("clock", server.check_clock, ("address",)),
    Check("credential", credential.check_credential, ("address", "clock")),
    Check("expiry", credential.check_expiry, ("credential",)),
    Check("roles", credential.check_roles, ("credential",)),
    Check("header", server.check_header, ("roles",)),
    Check("rights", credential.check_rights, ("roles", "header")),
    Check("events", server.check_events, ("roles",)),
    Check("api", server.check_api, ("credential",)),
    Check("version", server.check_version, ("roles",)),
    Check("state", machine.check_state, ("engine",)),
    Check("journal", machine.check_pending_folder),
    Check("pending", machine.check_pending, ("settings",)),
)


def diagnose(examination: Examination, checks: Sequence[Check] = CHECKS) -> Diagnosis:
    """Make all checks, and return what they found."""
    found: list[Finding] = []
    failed: dict[str, str] = {}  # check -> the check that failed first
    for check in checks:
        cause = next((failed[name] for name in check.after if name in failed), None)
        if cause is not None:
            failed[check.name] = cause
            found.append(replace(skipped(cause), check=check.name))
            continue
        for finding in _find(check, examination):
            found.append(replace(finding, check=check.name))
            if finding.status == "error":
                failed[check.name] = check.name
    return Diagnosis(tuple(found))


def _find(check: Check, examination: Examination) -> Iterator[Finding]:
    try:
        found = check.find(examination)
        yield from [found] if isinstance(found, Finding) else found
    except ZorgError as raised:
        yield error(str(raised).removesuffix(f" {DOCTOR}"))
