"""The pipeline of ``zorg doctor``: the checks in their order, each with the checks without which it cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pulumi_zorg.doctor.credential import check_credential, check_expiry, check_roles
from pulumi_zorg.doctor.environment import check_python
from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Diagnosis, Finding, error, skipped
from pulumi_zorg.doctor.machine import (
    check_checkpoints,
    check_engine,
    check_pending,
    check_pending_folder,
    check_sdk,
    check_state,
)
from pulumi_zorg.doctor.rights import check_rights
from pulumi_zorg.doctor.server import (
    check_address,
    check_api,
    check_clock,
    check_events,
    check_header,
    check_settings,
    check_version,
)
from pulumi_zorg.errors import DOCTOR, ZorgError

__all__ = ["CHECKS", "Check", "diagnose"]


@dataclass(frozen=True)
class Check:
    """A check.

    :param find: returns its findings. A ``ZorgError`` that it raises is one too.
    :param after: the checks that must have succeeded.
    """

    name: str
    find: Callable[[Examination], Iterator[Finding]]
    after: tuple[str, ...] = ()


CHECKS = (
    Check("engine", check_engine),
    Check("python", check_python),
    Check("sdk", check_sdk),
    Check("checkpoints", check_checkpoints),
    Check("settings", check_settings),
    Check("address", check_address, ("settings",)),
    Check("clock", check_clock, ("address",)),
    Check("credential", check_credential, ("address", "clock")),
    Check("expiry", check_expiry, ("credential",)),
    Check("roles", check_roles, ("credential",)),
    Check("header", check_header, ("roles",)),
    Check("rights", check_rights, ("roles", "header")),
    Check("events", check_events, ("roles",)),
    Check("api", check_api, ("credential",)),
    Check("version", check_version, ("roles",)),
    Check("state", check_state, ("engine",)),
    Check("journal", check_pending_folder),
    Check("pending", check_pending, ("settings",)),
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
        yield from check.find(examination)
    except ZorgError as raised:
        yield error(str(raised).removesuffix(f" {DOCTOR}"))
