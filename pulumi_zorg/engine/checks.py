"""What the engine calls for each resource in every run: check its inputs, and name the properties that replace it.

Calls to the server are made only in a preview that has something to do. So this module does not load the client and the
declarations of the types: a preview without changes would wait for that.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, DiffResult
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.output import Unknown

from pulumi_zorg.engine import context as process
from pulumi_zorg.engine.context import ProviderContext, readable
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.reporter import show_own_errors_without_traceback
from pulumi_zorg.errors import ConfigurationError, InputError, clean
from pulumi_zorg.resource_types import inputs
from pulumi_zorg.resource_types.impact import mask_unknowns
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.settings.config import Process, Settings, load_settings, origin_of_address, same_address

OLD_SDK = (
    "The Pulumi SDK of this environment does not pass internal properties to dynamic providers. Without them, one resource "
    "could take another one's object. Install pulumi 3.235 or newer: `pip install 'pulumi>=3.235'`."
)

NO_OWNER = (
    "The resource came without the internal property that names it. Without that, one resource could take another one's object. "
    "A transform of the program may remove the properties whose names begin with two underscores: let it keep them."
)

_starting = threading.Lock()


class Checks:
    """The hooks of one resource type that only look at its inputs.

    :param token: its type token.
    """

    def __init__(self, token: str) -> None:
        self.token, self.inputs = token, INPUTS[token]

    @readable()
    def configure(self, req: ConfigureRequest) -> None:
        """Read the settings, once in a process.

        :raises ConfigurationError: where a setting is missing, doubled or malformed. Nothing was called then.
        """
        show_own_errors_without_traceback()
        with _starting:
            if not process.is_started():
                atexit.register(process.stop)  # the engine interrupts this process when a run is complete
                process.start(ProviderContext.from_settings(load_settings(lambda key: req.config.get(f"zorg:{key}"))))

    @readable()
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Return the inputs in the form that they have in the state, and what is wrong with them."""
        context = process.current()
        resource = news.get(inputs.OWNER, news.get(inputs.OWNER_IN_PREVIEW))
        if resource is None:
            return self._check_import(context, olds, news)
        checked, problems = inputs.check_inputs(self.inputs, news, is_unknown=_is_unknown)
        # A program that leaves out what is required ends in the constructor, so that comes from an output too.
        outputs = {*self.inputs.required(), *(news.get(inputs.OUTPUTS) or ())}
        empty = [name for name in self.inputs.names() if name in outputs and news.get(name) is None]
        if empty:
            problems = [inputs.Problem(name, inputs.NO_VALUE) for name in empty]
        # The engine checks what it creates, or replaces, without what was before.
        new = not any(name in olds for name in self.inputs.required())
        # What the program leaves out is what the state has, so that it shows no change. Of an object that is adopted, or was kept
        # when its resource was replaced, nobody knows yet what it has.
        may_exist = checked.get("adopt") or checked.get("deletion_policy") != DeletionPolicy.REMOVE.value
        recorded = self.inputs.left_as_is if new and not may_exist else olds
        left = {name: recorded[name] for name in self.inputs.left_as_is if recorded.get(name) is not None}
        checked = {**left, **checked}
        declared = _without_unknowns(checked)
        if news.get(inputs.SECRETS):
            context.reporter.hide_properties(self.token, news[inputs.SECRETS], _without_unknowns(olds), declared)
        _verify_instance(context.settings, news.get(inputs.LOOKED_UP) or {})
        if not problems:
            mine, unique_key = context.objects.declared(str(resource)), self.inputs.unique_key(checked)
            mine.before, mine.ignored = olds, frozenset(news.get(inputs.IGNORED) or ())
            other = context.objects.register(str(resource), self.token, unique_key, new=new)
            chosen = checked.get(inputs.CHOSEN_ID)
            if other is None and isinstance(chosen, str):
                # Users of both types share their ids. The server does not refuse each id that is taken.
                unique_key = {inputs.CHOSEN_ID: chosen}
                other = context.objects.register(str(resource), self.inputs.id_space, unique_key, new=new)
            if other is not None:
                same = (
                    f"{display_name(other)} is the same {self.inputs.noun if chosen is None else self.inputs.id_space}"
                )
                reason = f"is declared twice: {same}, and only one resource can manage it"
                problems = [inputs.Problem(next(iter(unique_key)), reason)]
        if not problems and inputs.OWNER_IN_PREVIEW in news:
            context.is_preview = True
            wrong = context.preview.check(self.token, str(resource), declared, news, None if new else olds)
            problems = [] if wrong is None else [wrong]
        return CheckResult(
            checked, [CheckFailure(each.property, context.reporter.mask(each.reason)) for each in problems]
        )

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
        noun = self.inputs.noun
        what = f"An import of the {noun} {clean(str(entry.get('name', '')))}".strip()
        checked, problems = inputs.check_inputs(self.inputs, entry)
        if problems:
            raise InputError(what, problems[0].property, problems[0].reason)
        differing = sorted(name for name in {*entry, *checked} if entry.get(name) != checked.get(name))
        if differing:
            reason = (
                "is not as the stack's state has it, and the import would write it there as it is. Import a file as "
                "`zorg generate --import-file` or `zorg import` writes it"
            )
            raise InputError(what, clean(differing[0]), reason)
        context.is_import = True
        unique_key = self.inputs.unique_key(checked)
        if context.objects.register(str(uuid4()), self.token, unique_key, new=True) is not None:
            reason = f"is that of another entry of the import file: only one resource can manage a {noun}"
            raise InputError(what, next(iter(unique_key)), reason)
        return CheckResult(checked, [])

    @readable()
    def diff(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Return which properties replace the object. The engine compares the inputs itself, so that a preview names the
        properties."""
        context = process.current()
        if context.is_import:  # an import ends after the check
            raise ConfigurationError(NO_OWNER)
        context.pending.seen_by_engine(self.token, id)
        recorded = {**(olds.get(inputs.FILLED) or {}), **olds}
        replaces = [name for name in self.inputs.replaces if _is_replaced(recorded.get(name), news.get(name))]
        objects = context.objects
        resource = objects.resource(self.token, self.inputs.unique_key(news))
        key = self.inputs.key(self.token, id, recorded)
        if resource is not None:
            # A refresh, which may be in the process of the update, has checked nothing: its object is not known to be this resource's.
            objects.may_be_kept(self.token, id, olds)
            (objects.release if replaces else objects.bind)(resource, key)
        self._verify_id(id, recorded, news, replaces)
        if not replaces:
            if self._declares_only_its_id(resource, news):
                return DiffResult(changes=False)
            self._compare_roles(resource, id, recorded, news)
            before = context.declared_before(resource, olds, olds.get(inputs.UNFINISHED) or ())
            if context.is_preview and any(before.get(name) != news.get(name) for name in self.inputs.names()):
                context.preview.report_update(self.token, id, _without_unknowns(olds), before, _without_unknowns(news))
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def _verify_id(
        self, id: str, recorded: Mapping[str, Any], news: Mapping[str, Any], replaces: Sequence[str]
    ) -> None:
        """Refuse to change an id. An object never gets another one, and a new object in its place is a new tenant, or a new user.

        :param replaces: the properties that replace the object.
        :raises InputError: where another id is declared, or where a replacement in another organization would get the same one.
        """
        chosen, what = news.get(inputs.CHOSEN_ID), f"The {self.inputs.noun} {clean(id)}"
        if not isinstance(chosen, str):
            return
        if not replaces and chosen != id:
            raise InputError(
                what,
                inputs.CHOSEN_ID,
                f"is {clean(chosen)}, and the id of an object never changes. Declare {clean(id)}, or leave {inputs.CHOSEN_ID} out. To "
                f"have another {self.inputs.noun} with that id, declare it as another resource",
            )
        known = [name for name in replaces if isinstance(news.get(name), str) and news[name] != recorded.get(name)]
        if known and chosen == id:
            reason = "cannot be kept by the replacement, because an id stays with its organization: declare another one"
            raise InputError(f"{what}, which is replaced by a new {known[0]},", inputs.CHOSEN_ID, reason)

    @staticmethod
    def _declares_only_its_id(resource: str | None, news: Mapping[str, Any]) -> bool:
        """Whether the program differs from before only in declaring the id that the object has, or in leaving it out again."""
        before = process.current().objects.declared(resource).before or {}
        differing = [name for name in {*before, *news} if before.get(name) != news.get(name)]
        return differing == [inputs.CHOSEN_ID] and not _is_unknown(news.get(inputs.CHOSEN_ID))

    def _compare_roles(
        self, resource: str | None, id: str, recorded: Mapping[str, Any], news: Mapping[str, Any]
    ) -> None:
        """Refuse a resource that gives a role which this run takes out of a resource before it.

        :raises InputError: where it does.
        """
        objects = process.current().objects
        ignored = objects.declared(resource).ignored
        offered, had = self.inputs.offered_roles(news), self.inputs.offered_roles(recorded)
        if offered is not None:
            # What the program ignores is not taken away: the engine gives the value of the state in place of the declared one.
            takes = had is not None and not {"roles", "role_keys"} & ignored
            taken = had.keys - offered.keys if had and takes else frozenset[str]()
            objects.offers[offered.reference, id] = offered, taken
        use = self.inputs.used_roles({**news, **{name: recorded[name] for name in (recorded.get(inputs.FILLED) or {})}})
        if use is None or "role_keys" in ignored:
            return
        reason = objects.why_roles_are_taken(use)
        if reason is not None:
            raise InputError(f"The {self.inputs.noun} {clean(id)}", "role_keys", reason)


def _passes_internal_properties() -> bool:
    """Return whether the SDK of this process passes a provider the properties whose names begin with two underscores."""
    from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]  # it has no types of its own
    from pulumi.runtime import rpc

    sent = Struct()
    sent.update({inputs.OWNER: "a resource"})
    return inputs.OWNER in rpc.deserialize_properties(sent, True)


def _verify_instance(settings: Settings, looked_up: Mapping[str, str]) -> None:
    """Verify that the lookups of the program use the instance of its resources.

    :param looked_up: the addresses of its lookups; none where it makes none.
    :raises ConfigurationError: where it uses another instance. The credential may be another one.
    """
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
    """Return the properties with :data:`UNKNOWN` in place of values that are not known yet."""
    return mask_unknowns(properties, _is_unknown)


def _is_replaced(old: Any, new: Any) -> bool:
    """Return whether a property that cannot change in place changes. One that is left to the server does not."""
    return isinstance(new, Unknown) or (new is not None and old != new)
