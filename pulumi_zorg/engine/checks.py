"""What the engine calls for each resource in every run: check its inputs, and name the properties that replace it.

Calls to the server are made only in a preview that has something to do. So this module does not load the client and the
declarations of the types: a preview without changes would wait for that.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, DiffResult
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.output import Unknown

from pulumi_zorg.engine import context as process
from pulumi_zorg.engine.context import ProviderContext, readable
from pulumi_zorg.engine.host import show_own_errors_without_traceback
from pulumi_zorg.engine.registry import display_name
from pulumi_zorg.errors import ConfigurationError, InputError, clean
from pulumi_zorg.resource_types.impact import UNKNOWN, Planned, mask_unknowns
from pulumi_zorg.resource_types.inputs import (
    DECLARED_BY,
    FILLED,
    IGNORED,
    LOOKED_UP,
    MAY_COME,
    OWNER,
    OWNER_IN_PREVIEW,
    SECRETS,
    UNFINISHED,
    check_inputs,
    known_roles,
)
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy, merged
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES
from pulumi_zorg.settings.config import Process, load_settings, origin_of_address, same_address

__all__ = ["NO_OWNER", "OLD_SDK", "Checks"]

OLD_SDK = (
    "The Pulumi SDK of this environment does not pass internal properties to dynamic providers. Without them, one resource "
    "could take another one's object. Install pulumi 3.235 or newer: `pip install 'pulumi>=3.235'`."
)

NO_OWNER = (
    "The resource came without the internal property that names it. Without that, one resource could take another one's object. "
    "A transform of the program may remove the properties whose names begin with two underscores: let it keep them."
)

#: The properties that decide which roles are given.
_NAME_ROLES = frozenset({"role_keys", "project_id", "project_grant_id"})

_starting = threading.Lock()


class Checks:
    """The hooks of one resource type that only look at its inputs.

    :param type: its type token.
    """

    def __init__(self, type: str) -> None:
        self.type, self.inputs = type, INPUTS[type]

    @readable
    def configure(self, req: ConfigureRequest) -> None:
        """Read the settings, once in a process.

        :raises ConfigurationError: where a setting is missing, doubled or malformed. Nothing was called then.
        """
        show_own_errors_without_traceback()
        with _starting:
            if not process.is_started():
                atexit.register(process.stop)  # the engine interrupts this process when a run is complete
                process.start(ProviderContext.from_settings(load_settings(lambda key: req.config.get(f"zorg:{key}"))))

    @readable
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Bring the inputs to the form that they have in the state, and report what is wrong with them."""
        context = process.current()
        resource = news.get(OWNER, news.get(OWNER_IN_PREVIEW))
        if resource is None:
            return self._check_import(context, olds, news)
        checked, problems = check_inputs(self.inputs, news, is_unknown=_is_unknown)
        # The engine checks what it creates, or replaces, without what was before.
        new = not any(name in olds for name in self.inputs.required())
        # What the program leaves out is what the state has, so that it shows no change. Of an object that is adopted, or was kept
        # when its resource was replaced, nobody knows yet what it has.
        may_exist = checked.get("adopt") or checked.get("deletion_policy") != DeletionPolicy.REMOVE.value
        recorded = self.inputs.left_as_is if new and not may_exist else olds
        left = {name: recorded[name] for name in self.inputs.left_as_is if recorded.get(name) is not None}
        checked = {**left, **checked}
        failures = [CheckFailure(problem.property, problem.reason) for problem in problems]
        context.hide(self.type, news.get(SECRETS) or (), _without_unknowns(olds), _without_unknowns(checked))
        _verify_instance(context, news.get(LOOKED_UP) or {})
        if failures:
            return CheckResult(checked, failures)
        identity = self.inputs.unique_key(checked)
        context.remember(str(resource), olds, news.get(IGNORED) or ())
        other = context.registry.register(str(resource), identity, new=new)
        ignored = context.ignored(str(resource))
        if other is not None:
            noun = RESOURCE_TYPES[self.type].noun
            reason = f"is declared twice: {display_name(other)} is the same {noun}, and only one resource can manage it"
            return CheckResult(checked, [CheckFailure(next(iter(identity)), reason)])
        if OWNER_IN_PREVIEW in news:
            context.is_preview = True
            if new or self._differ(olds, checked):
                context.check_credential()
            declared, in_program = self._with_adopted(context, checked, news.get(DECLARED_BY) or {})
            may_come = frozenset(news.get(MAY_COME) or ())
            if new or (olds.get("role_keys") != checked.get("role_keys") and "role_keys" not in ignored):
                keys = known_roles(checked.get("role_keys")) or ()
                refused = context.why_roles_are_not_declared(keys, in_program) or context.why_roles_are_refused(
                    self.inputs.used_roles(declared), may_come=bool(may_come & _NAME_ROLES)
                )
                if refused is not None:
                    return CheckResult(checked, [CheckFailure("role_keys", refused)])
            offered = self.inputs.offered_roles(declared)
            if offered is not None:
                context.registry.declares(str(resource), offered)
            if new:
                missing = context.missing(
                    self.type, {name: value for name, value in declared.items() if name not in may_come}
                )
                if missing is not None:
                    return CheckResult(checked, [CheckFailure(missing.property, context.reporter.mask(missing.reason))])
                created = [name for name, owner in in_program.items() if context.registry.is_created(owner)]
                planned = Planned(self.type, None, None, declared)
                context.report_impact(planned, _without_unknowns(checked), resource=str(resource), created=created)
                context.report_kept(self.type, declared, resource=str(resource), named=in_program.values())
                adopted = context.registry.adopted_by(str(resource))
                if adopted is not None and offered is not None:
                    context.registry.offer(adopted, offered, frozenset())
        return CheckResult(checked, [])

    def _with_adopted(
        self, context: ProviderContext, checked: Mapping[str, Any], declared_by: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the declared properties with the ids of what the program adopts, and which resources have the ids that are not
        known, by property."""
        declared = _without_unknowns(checked)
        unknown = {name: owner for name, owner in declared_by.items() if declared.get(name) is UNKNOWN}
        adopted = {name: context.registry.adopted_by(owner) for name, owner in unknown.items()}
        return {**declared, **{name: found for name, found in adopted.items() if found is not None}}, unknown

    def _check_import(self, context: ProviderContext, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Verify an entry of an import file. Nothing else comes without the internal input that names the resource.

        `pulumi import` writes the entry into the state as it is, and gives its inputs as the old and the new ones. What this
        returns is not used, and failures are warnings there, so what is wrong is raised. Nothing is called: the next refresh
        reads the object, as that of any resource in the state.

        :raises ConfigurationError: where this is no import.
        :raises InputError: where the inputs are not as a state has them.
        """
        if not _passes_internal_properties():
            raise ConfigurationError(OLD_SDK)
        if olds != news:
            raise ConfigurationError(NO_OWNER)
        entry = {name: value for name, value in news.items() if name != PROVIDER_KEY}
        noun = RESOURCE_TYPES[self.type].noun
        what = f"An import of the {noun} {clean(str(entry.get('name', '')))}".strip()
        checked, problems = check_inputs(self.inputs, entry)
        if problems:
            raise InputError(what, problems[0].property, problems[0].reason)
        differing = sorted(name for name in {*entry, *checked} if entry.get(name) != checked.get(name))
        if differing:
            reason = (
                "is not as the stack's state has it, and the import would write it there as it is. Import a file as "
                "`zorg generate --import-file` or `zorg import` writes it"
            )
            raise InputError(what, clean(differing[0]), reason)
        context.begin_import(self.type, self.inputs.unique_key(checked), what)
        return CheckResult(checked, [])

    @readable
    def diff(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Return which properties replace the object. The engine compares the inputs itself, so that a preview names the
        properties."""
        context = process.current()
        if context.is_import:  # an import ends after the check
            raise ConfigurationError(NO_OWNER)
        context.pending.seen_by_engine(self.type, id)
        filled = olds.get(FILLED) or {}
        before = {**filled, **olds}
        replaces = [name for name in self.inputs.replaces if _is_replaced(before.get(name), news.get(name))]
        resource, key = context.registry.resource(self.inputs.unique_key(news)), self.inputs.key(self.type, id, before)
        if resource is not None:
            # A refresh, which may be in the process of the update, has checked nothing: its object is not known to be this resource's.
            context.may_be_replaced(self.type, id, olds)
        if resource is not None and replaces:
            context.registry.release(resource, key)
        elif resource is not None:
            context.registry.bind(resource, key)
        if not replaces:
            self._compare_roles(context, resource, id, before, news)
        unfinished = olds.get(UNFINISHED) or ()
        declared_before = context.declared_before(resource, olds, unfinished)
        if context.is_preview and not replaces and self._differ(declared_before, news):
            if unfinished:
                context.report_unfinished(self.type, id, unfinished)
            after = {
                # What is left to the server stays as it is.
                name: merged(declared_before.get(name), news.get(name, filled.get(name)), olds.get(name))
                for name in self.inputs.names()
            }
            planned = Planned(self.type, id, _without_unknowns(before), _without_unknowns(after))
            context.report_impact(planned, _without_unknowns(news))
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def _compare_roles(
        self,
        context: ProviderContext,
        resource: str | None,
        id: str,
        before: Mapping[str, Any],
        news: Mapping[str, Any],
    ) -> None:
        """Refuse a resource that gives a role which this run takes out of a resource before it.

        :raises InputError: where it does.
        """
        ignored = context.ignored(resource)
        offered, had = self.inputs.offered_roles(news), self.inputs.offered_roles(before)
        if offered is not None:
            # What the program ignores is not taken away: the engine gives the value of the state in place of the declared one.
            takes = had is not None and not {"roles", "role_keys"} & ignored
            context.registry.offer(id, offered, had.keys - offered.keys if had and takes else frozenset())
        use = self.inputs.used_roles({**news, **{name: before[name] for name in (before.get(FILLED) or {})}})
        if use is None or "role_keys" in ignored:
            return
        reason = context.why_roles_are_taken(use)
        if reason is not None:
            raise InputError(f"The {RESOURCE_TYPES[self.type].noun} {clean(id)}", "role_keys", reason)

    def _differ(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
        """Whether the program declares something else than what the state has."""
        return any(olds.get(name) != news.get(name) for name in self.inputs.names())


def _passes_internal_properties() -> bool:
    """Whether the SDK of this process hands a provider the properties whose names begin with two underscores."""
    from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]  # it has no types of its own
    from pulumi.runtime import rpc

    sent = Struct()
    sent.update({OWNER: "a resource"})
    return OWNER in rpc.deserialize_properties(sent, True)


def _verify_instance(context: ProviderContext, looked_up: Mapping[str, str]) -> None:
    """Verify that the program looks up where its resources are.

    :param looked_up: the addresses of its lookups; none where it makes none.
    :raises ConfigurationError: where it uses another instance. The credential may be another one.
    """
    settings = context.settings
    for url, name in looked_up.items():
        if not same_address(url, settings.url):
            used = origin_of_address(name, Process.PROGRAM)
            own = origin_of_address(settings.url_origin, Process.PROVIDER)
            raise ConfigurationError(
                f"The program's lookups use {clean(url)} (from {used}), and its resources are on {settings.url} (from {own}). "
                "What is found on one instance must not be used on another. Set zorg:url, which reaches both processes: `pulumi config "
                "set zorg:url`, or `stack.set_config` of the automation API. Or give both the same ZITADEL_URL."
            )


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Unknown)


def _without_unknowns(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, with the sentences' own sign for a value that is not known yet."""
    return mask_unknowns(properties, _is_unknown)


def _is_replaced(old: Any, new: Any) -> bool:
    """Whether a property that cannot change in place is to change. One that is left to the server is not."""
    return isinstance(new, Unknown) or (new is not None and old != new)
