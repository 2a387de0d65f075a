"""The check of the rights: which changes of each resource type the credential may make, from what the types declare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pulumi_zorg.api.organizations import READ_ORGANIZATION
from pulumi_zorg.doctor.examination import Examination, named
from pulumi_zorg.doctor.findings import Finding, error, warning
from pulumi_zorg.errors import ApiError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.tokens import short

#: The actions of ``Calls.endpoints`` in a sentence.
_ACTIONS = {
    "read": "read",
    "search": "find",
    "create": "create",
    "update": "change",
    "deactivate": "deactivate",
    "reactivate": "reactivate",
    "remove": "remove",
}
_READS = ("read", "search")
_ON_INSTANCE = "IAM_ORG_MANAGER on the instance"


def missing_permissions(declared: ResourceType[Any], permissions: Collection[str], action: str) -> tuple[str, ...]:
    """Return the permissions that an action of a type needs and that are not among ``permissions``.

    Of permissions of which one is enough, all are returned. An object is read before and after it is changed, and its
    organization before the first write in it. What is in no organization cannot be read before it is created.

    :param permissions: those of the caller in the organization of the object. One that is bound to an object, like
        ``project.write:42``, does not count.
    :param action: a key of ``Calls.endpoints``.
    """
    needed = list(declared.calls.permissions(action))
    if action != "read" and (declared.in_organization or action != "create"):
        needed += [*declared.calls.permissions("read"), frozenset({READ_ORGANIZATION.permission})]
    lacking = [each for each in needed if each.isdisjoint(permissions)]
    return tuple(dict.fromkeys(" or ".join(sorted(each)) for each in lacking))


@dataclass(frozen=True)
class _Scope:
    """Where rights hold.

    :param where: as the end of a sentence.
    :param permissions: those of the caller there.
    :param org_id: the organization; None for the instance.
    :param advice: a role that has all rights there.
    """

    where: str
    permissions: frozenset[str]
    org_id: str | None
    advice: str


def check_rights(examination: Examination) -> Iterator[Finding]:
    """The credential may make each kind of change: on the instance, or in the organizations that were named."""
    if examination.org_ids:
        yield from _to_create_organizations(examination)
        for org_id in examination.org_ids:
            yield from _in_organization(examination, org_id)
    elif any(each.iam for each in examination.memberships):
        scope = _instance(examination)
        yield from (_finding(examination, scope, each, _actions(examination)) for each in _types(examination))
    else:
        within = list(dict.fromkeys(each.within for each in examination.memberships))
        yield warning(
            f"{examination.user} has no role on the instance, so its rights were not checked. Name the organizations of the "
            f"stack: --org ID. It has roles in {named(within)}."
        )


def _to_create_organizations(examination: Examination) -> Iterator[Finding]:
    """What is in no organization is created with a right on the instance, which a stack may not need: it is a warning."""
    if examination.read_only:
        return
    scope = _Scope("on the instance", frozenset(), None, _ON_INSTANCE)
    for declared in _types(examination):
        if declared.is_organization:
            found = _finding(examination, scope, declared, ("create",))
            yield replace(found, status="warning") if found.missing else found


def _in_organization(examination: Examination, org_id: str) -> Iterator[Finding]:
    try:
        permissions = examination.client.caller.permissions(org_id)
        readable = READ_ORGANIZATION.permission in permissions
        removed = readable and examination.client.organizations.read(org_id).removed
    except ApiError as refused:
        yield replace(error(f"organization {clean(org_id)}: {refused} Check the id."), org_id=org_id)
        return
    if removed:
        yield replace(error(f"organization {clean(org_id)} was removed. Name another one."), org_id=org_id)
        return
    where = f"in organization {clean(org_id)}"
    scope = _Scope(where, permissions, org_id, f"ORG_OWNER {where}")
    for declared in _types(examination):
        made_here = [each for each in _actions(examination) if declared.in_organization or each != "create"]
        yield _finding(examination, scope, declared, made_here)


def _instance(examination: Examination) -> _Scope:
    """Return the rights that the roles on the instance give: those in an organization in which the caller has no role."""
    client = examination.client
    taken = {each.within for each in examination.memberships}
    default = client.caller.default_organization()
    candidates = [examination.own_org, *([default] if default else [])]
    free = [each for each in candidates if each not in taken]
    if not free:
        free = [each.id for each in client.organizations.some() if each.id not in taken]
    for org_id in free:
        with suppress(ApiError):  # lists lag: it may be removed by now
            return _Scope("on the instance", client.caller.permissions(org_id), None, _ON_INSTANCE)
    own = examination.own_org
    permissions = client.caller.permissions(own)
    return _Scope(f"in the credential's own organization {clean(own)}", permissions, own, _ON_INSTANCE)


def _finding(examination: Examination, scope: _Scope, declared: ResourceType[Any], actions: Collection[str]) -> Finding:
    """Return what the caller may do with objects of a type there, and what it may not."""
    missing: dict[str, tuple[str, ...]] = {}
    nowhere = False  # whether a permission is missing on every single object
    for action in actions:
        permissions = scope.permissions
        if action == "create" and declared.is_organization:
            # The call names no organization, so that the server looks at the rights in the caller's own one.
            permissions = examination.client.caller.permissions(examination.own_org)
        lacking = missing_permissions(declared, permissions, action)
        if lacking:
            missing[action] = lacking
            nowhere |= bool(missing_permissions(declared, {each.partition(":")[0] for each in permissions}, action))
    name, can = short(declared.token), [_ACTIONS[each] for each in actions if each not in missing]
    if not missing:
        return Finding("ok", f"{name} {scope.where}: {', '.join(can)}", "", scope.org_id, declared.token, {})
    limit = "cannot" if nowhere else "only on single projects it can"
    message = f"{name} {scope.where}: {limit} {_describe(missing)}."
    if can:
        message += f" It can {', '.join(can)}."
    message += f" Give {examination.user} a role with these permissions, like {scope.advice} (docs/rights.md)."
    return Finding("error" if nowhere else "warning", message, "", scope.org_id, declared.token, missing)


def _describe(missing: Mapping[str, tuple[str, ...]]) -> str:
    """Return the actions, those with the same missing permissions together."""
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, permissions in missing.items():
        actions.setdefault(permissions, []).append(_ACTIONS[action])
    return "; ".join(f"{', '.join(each)} (lacks {', '.join(lacking)})" for lacking, each in actions.items())


def _types(examination: Examination) -> list[ResourceType[Any]]:
    return [RESOURCE_TYPES[each] for each in examination.types]


def _actions(examination: Examination) -> tuple[str, ...]:
    return _READS if examination.read_only else tuple(_ACTIONS)
