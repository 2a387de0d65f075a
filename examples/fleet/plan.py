"""What a run does to the tenants, by the file and the states of all stacks, and what it must not do. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from layout import Fleet, stack_name, stack_of

__all__ = ["Held", "Part", "States", "held", "merged", "parts", "refusals", "rounds"]

#: The beginning of the types of this package, which docs/resources.md promises.
_TYPES = "pulumi-python:dynamic/zorg:"


@dataclass(frozen=True)
class Held:
    """A tenant in the state of a stack.

    :param id: its organization.
    :param removable: whether the organization is removed when it leaves the stack.
    :param others: the ids of its project grant and its user grants, with their URNs.
    """

    id: str
    removable: bool = False
    others: Mapping[str, str] = field(default_factory=dict)


#: The tenants in the state of each stack. A stack whose state is not known is missing.
States = Mapping[str, Mapping[str, Held]]


def held(deployment: Mapping[str, Any] | None) -> dict[str, Held]:
    """Return the tenants in the state of a stack, by their keys.

    :param deployment: what `pulumi stack export` shows as ``deployment``.
    """
    managed = [each for each in (deployment or {}).get("resources") or () if _is_managed(each)]
    found = {}
    for each in managed:
        if each["type"] == f"{_TYPES}Organization":
            others = {other["id"]: other["urn"] for other in managed if other.get("deletedWith") == each["urn"]}
            removable = each["inputs"].get("deletion_policy", "remove") != "retain"
            found[_name(each)] = Held(each["id"], removable, others)
    return found


def refusals(fleet: Fleet, states: States) -> list[str]:
    """Return a sentence for each tenant that a run would lose, remove by mistake, or leave in two parts."""
    found = []
    for key in sorted({key for tenants in states.values() for key in tenants}):
        holders = {stack: tenants[key] for stack, tenants in sorted(states.items()) if key in tenants}
        ids = {each.id for each in holders.values()}
        if len(ids) > 1:
            which = " and ".join(f"organization {each.id} in {stack}" for stack, each in holders.items())
            found.append(
                f"{key} is {which}. See in ZITADEL which one is the tenant. Take the other one out of its stack with `pulumi "
                "state delete`, and remove it in ZITADEL"
            )
        else:
            found += _refusals_of(fleet, key, holders)
    return found


def _refusals_of(fleet: Fleet, key: str, holders: Mapping[str, Held]) -> Iterator[str]:
    """Yield a sentence for each stack that must not release the tenant, or not declare it."""
    in_file = key in fleet.tenants
    home = stack_of(key, fleet.stacks)
    giver = fleet.giver(key) if in_file else None
    for stack, tenant in holders.items():
        if in_file and stack in (home, giver):
            continue  # it declares the tenant
        if not in_file:
            # One stack removes the organization. Another one may release it, because nothing of it will be left.
            if not any(each.removable for each in holders.values()):
                yield (
                    f"{key} is in {stack}, and not in the file. To remove the tenant, put it back with `remove: true`, run, and "
                    f"then delete it. To keep it in ZITADEL without managing it, take it out of {stack} with `pulumi state delete`"
                )
        elif tenant.removable:
            yield (
                f"{key} would be removed: it leaves {stack}, whose state still says that it may be removed. {_back(stack)}"
            )
        elif home not in holders:
            yield f"{key} would be in no stack: it leaves {stack}, and {home} does not have it. {_back(stack)}"
        else:
            for other, urn in tenant.others.items():
                if other not in holders[home].others:
                    yield (
                        f"{_short(urn)} of {key} would be in no stack: it leaves {stack}, and {home} does not have it. "
                        f"{_back(stack)} If it is not wanted any more, run `pulumi destroy --stack {stack} --target '{urn}'`"
                    )
    if giver is not None and home in holders and giver not in holders:
        yield f"{key} has moved from {giver} to {home} already: delete previous_stacks, and run again"


def _back(stack: str) -> str:
    return f"Set previous_stacks to the number of stacks when {stack} had it, and run until each stack has succeeded."


@dataclass(frozen=True)
class Part:
    """What a run does to the tenants of one stack. Each is a list of keys.

    :param tenants: all that the stack declares.
    :param new: those that no stack has.
    :param takes: those that it takes over from another stack.
    :param leaves: those that it releases, which stay in ZITADEL.
    :param removes: those whose organizations are removed.
    """

    stack: str
    tenants: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()


def parts(fleet: Fleet, states: States) -> list[Part]:
    """Return what a run does in each stack, also in those that the file has no use for any more."""
    anywhere = {key for tenants in states.values() for key in tenants}
    numbered = {stack_name(number) for number in range(max(fleet.stacks, fleet.previous_stacks or 0))}
    found = []
    for stack in sorted(numbered | {stack for stack, tenants in states.items() if tenants}, key=_number):
        declared, has = fleet.declared_by(stack), states.get(stack, {})
        gone = has.keys() - declared.keys()
        found.append(
            Part(
                stack,
                tuple(declared),
                new=tuple(key for key in declared if key not in anywhere and fleet.giver(key) in (None, stack)),
                takes=tuple(key for key in declared if key not in has and fleet.giver(key) not in (None, stack)),
                leaves=tuple(sorted(key for key in gone if not has[key].removable)),
                removes=tuple(sorted(key for key in gone if has[key].removable)),
            )
        )
    return found


def rounds(fleet: Fleet, stacks: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the stacks that run first, and those that run then. In each round they may run at once.

    Those that tenants move away from are first. The others take over what those have.
    """
    givers = {fleet.giver(key) for key in fleet.tenants}
    return [each for each in stacks if each in givers], [each for each in stacks if each not in givers]


def merged(deployments: Mapping[str, Mapping[str, Any] | None], project: str) -> dict[str, Any]:
    """Return one state with the resources of all stacks, for `zorg drift --state`. Its stack is called ``fleet``.

    An object that is in two stacks, because its tenant moves, is taken from the stack that comes first.
    """
    root = f"urn:pulumi:fleet::{project}::pulumi:pulumi:Stack::{project}-fleet"
    resources: list[Mapping[str, Any]] = [{"urn": root, "type": "pulumi:pulumi:Stack"}]
    seen: dict[tuple[str, str], str] = {}
    for stack, deployment in deployments.items():
        for each in (deployment or {}).get("resources") or ():
            # Two resources of one stack with one object are a mistake, which `zorg drift` reports.
            if _is_managed(each) and seen.setdefault((each["type"], each["id"]), stack) == stack:
                resources.append(each)
    return {"version": 3, "deployment": {"resources": resources}}


def _is_managed(resource: Mapping[str, Any]) -> bool:
    """Whether this is an object of ZITADEL that the stack manages, and does not only read."""
    return str(resource.get("type")).startswith(_TYPES) and not resource.get("external")


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _short(urn: str) -> str:
    type_, _, name = urn.rpartition("::")
    return f"{type_.rpartition(':')[-1]} {name}"


def _number(stack: str) -> int:
    return int(stack.rpartition("-")[-1])
