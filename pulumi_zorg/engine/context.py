"""What the provider's process has once. Providers themselves have no attributes, so nothing of it gets into the state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_zorg.engine.backend import pending_creates_folder
from pulumi_zorg.engine.impact_report import ImpactReport
from pulumi_zorg.engine.pending import PendingCreates
from pulumi_zorg.engine.registry import Registry
from pulumi_zorg.engine.reporter import Reporter
from pulumi_zorg.errors import ConfigurationError, InputError, ZorgError
from pulumi_zorg.resource_types.impact import Act, Harm, Planned
from pulumi_zorg.resource_types.inputs import RoleUse
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.masking import texts_in

if TYPE_CHECKING:  # A preview without changes makes no call, and does not load what calls need.
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.engine.preview_impact import PreviewImpact
    from pulumi_zorg.resource_types.resource_type import ResourceType
    from pulumi_zorg.world.bulk_reads import BulkReads
    from pulumi_zorg.world.references import Missing

__all__ = ["ProviderContext", "current", "is_started", "readable", "start", "stop"]

Hook = TypeVar("Hook", bound=Callable[..., Any])


@dataclass
class ProviderContext:
    """The settings, the client, and what this run has learned.

    :param settings: the instance and the credential.
    :param connect: makes the client that all resources share, when the first call is made.
    :param pending: the pending creates of this instance and backend.
    """

    settings: Settings
    connect: Callable[[], Client]
    pending: PendingCreates
    reporter: Reporter = field(default_factory=Reporter)
    registry: Registry = field(default_factory=Registry)
    _client: Client | None = None
    _preview: PreviewImpact | None = None
    _bulk_reads: BulkReads | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    #: The secret properties of a resource, by what it declares: `diff` is given exactly what `check` returned.
    _secret: dict[str, frozenset[str]] = field(default_factory=dict)
    #: What each resource declared before this run, and the properties that its option ``ignore_changes`` names.
    _before: dict[str, tuple[Mapping[str, Any], frozenset[str]]] = field(default_factory=dict)
    #: The ids of the state's objects that this run has been shown, by type and identity.
    _in_state: dict[tuple[str, frozenset[tuple[str, str]]], str] = field(default_factory=dict)
    #: Whether the deletion of a resource has deactivated its object, by type and id. Of a deletion in an earlier run, whether the
    #: state has the object as active.
    _deactivated: dict[tuple[str, str], bool] = field(default_factory=dict)
    _credential_checked: bool = False
    _impacts: ImpactReport = field(init=False)
    #: Whether this run is a preview. The host does not say so; resources do, in `check`.
    is_preview: bool = False
    #: Whether this run is an import. The engine calls nothing but `check` in it.
    is_import: bool = False
    _imported: set[tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._impacts = ImpactReport(self.reporter.note)

    @classmethod
    def from_settings(cls, settings: Settings) -> ProviderContext:
        """The context of a run with these settings."""
        reporter = Reporter()
        reporter.set_up_log()
        pending = PendingCreates(settings.url, pending_creates_folder(), reporter.warn)

        def connect() -> Client:
            from pulumi_zorg.api.client import Client

            return Client.connect(settings, notice=reporter.note)

        return cls(settings, connect, pending, reporter)

    @property
    def client(self) -> Client:
        """The client that all resources share."""
        with self._lock:
            if self._client is None:
                self._client = self.connect()
            return self._client

    @property
    def preview(self) -> PreviewImpact:
        """Reads what a planned change means, with few calls and short time-outs."""
        with self._lock:
            if self._preview is None:
                from pulumi_zorg.engine.preview_impact import PreviewImpact

                self._preview = PreviewImpact(self.settings)
            return self._preview

    @property
    def bulk_reads(self) -> BulkReads:
        """Answers the reads of a refresh from lists."""
        with self._lock:
            if self._bulk_reads is None:
                from pulumi_zorg.world.bulk_reads import BulkReads

                self._bulk_reads = BulkReads()
            return self._bulk_reads

    def close(self) -> None:
        """Write what was kept for the end of the run, and close the connections."""
        self._impacts.write()
        if self._client is not None:
            self._client.close()
        if self._preview is not None:
            self._preview.close()

    def check_credential(self) -> None:
        """Use the credential once in a preview that has something to do.

        A server that cannot be reached is a warning: whether it can be at the time of the update is another question.

        :raises CredentialError: where the server gives no token for the credential.
        :raises Unauthenticated: where the server refuses it.
        """
        with self._lock:
            if self._credential_checked:
                return
            warning = self.preview.check_credential()
            self._credential_checked = True
        if warning is not None:
            self.reporter.warn(warning)

    def begin_import(self, type: str, identity: Mapping[str, str], what: str) -> None:
        """This run imports an object.

        :param identity: what makes the object unique on the server.
        :param what: the object, as the beginning of a sentence.
        :raises InputError: where this run imports it as another resource too.
        """
        key = type, frozenset(identity.items())
        with self._lock:
            self.is_import = True
            if key in self._imported:
                reason = f"is that of another entry of the import file: only one resource can manage a {RESOURCE_TYPES[type].noun}"
                raise InputError(what, next(iter(identity)), reason)
            self._imported.add(key)

    def remember(self, resource: str, before: Mapping[str, Any], ignored: Collection[str]) -> None:
        """Remember what the resource declared before: the inputs in the state. A later check of the same resource, which is one of
        its replacement, does not have it.

        :param ignored: the properties that the option ``ignore_changes`` names.
        """
        with self._lock:
            self._before[resource] = before, frozenset(ignored)

    def declared_before(
        self, resource: str | None, olds: Mapping[str, Any], unfinished: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return what the resource declared before this run, by property. What is missing from it is to be as declared now.

        :param olds: the outputs in the state, for a resource that was not checked.
        :param unfinished: the properties that an update which failed half way was to change.
        """
        with self._lock:
            before, _ = self._before.get(resource or "", (olds, frozenset()))
        return {name: value for name, value in before.items() if name not in unfinished}

    def ignored(self, resource: str | None) -> frozenset[str]:
        """Return the properties that the resource's option ``ignore_changes`` names; none of a resource that was not checked."""
        with self._lock:
            return self._before.get(resource or "", ({}, frozenset[str]()))[1]

    def may_be_replaced(self, type: str, id: str, recorded: Mapping[str, Any]) -> None:
        """The state has this object. If it still exists where its own resource creates it again, that takes it back.

        :param recorded: what the state has of it.
        """
        identity = INPUTS[type].unique_key(recorded)
        if identity:
            with self._lock:
                self._in_state[type, frozenset(identity.items())] = id
                kept = recorded.get("deletion_policy") == DeletionPolicy.DEACTIVATE.value
                self._deactivated.setdefault((type, id), kept and recorded.get("active") is True)

    def replaced(self, type: str, identity: Mapping[str, str]) -> str | None:
        """Return the id that the state had for an object of this identity when this run began, as far as it was shown."""
        with self._lock:
            return self._in_state.get((type, frozenset(identity.items())))

    def deactivated(self, type: str, id: str, done: bool) -> None:
        """Remember whether the deletion of a resource has deactivated its object, which its deletion policy keeps."""
        with self._lock:
            self._deactivated[type, id] = done

    def is_deactivated(self, type: str, id: str) -> bool:
        """Whether the deletion of a resource has deactivated its object, as far as it is known. See :meth:`deactivated`."""
        with self._lock:
            return self._deactivated.get((type, id), False)

    def hide(self, type: str, names: Collection[str], before: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
        """The program declares these properties as secret: neither these values of them nor those before are shown.

        :param type: the resource's type token.
        :param declared: all that the program declares of the resource, in the state's form.
        """
        if not names:
            return
        key = _key(type, declared)
        with self._lock:
            self._secret[key] = self._secret.get(key, frozenset()) | frozenset(names)
        values = [each.get(name) for each in (before, declared) for name in names]
        self.reporter.hide(part for value in values for part in texts_in(value))

    def why_roles_are_taken(self, use: RoleUse) -> str | None:
        """Return why a resource cannot give roles that this run takes out of another resource; None where it takes none."""
        offers = self.registry.offers()
        for of in (("project_id", use.project_id), ("project_grant_id", use.project_grant_id or "")):
            offered, taken = offers.get(of, (None, frozenset[str]()))
            missing = [key for key in use.keys if key in taken]
            if offered is not None and missing:
                from pulumi_zorg.resource_types.role_use import has_not

                return self.reporter.mask(
                    f"cannot be given: {has_not(offered.title, missing, offered.keys)}. This program takes the role out of it, "
                    "and so out of this resource: take it out of role_keys too"
                )
        return None

    def why_roles_are_not_declared(self, keys: Collection[str], declared_by: Mapping[str, str]) -> str | None:
        """Return in a preview why a resource cannot give roles of what the same program creates; None where it can.

        :param declared_by: which resources have the ids that its properties name, by property. Only those whose ids are not known.
        """
        for name, resource in declared_by.items():
            offered = self.registry.offered_by(resource)
            missing = [] if offered is None else [key for key in keys if key not in offered.keys]
            if offered is not None and offered.reference == name and missing:
                from pulumi_zorg.resource_types.role_use import has_not

                return self.reporter.mask(f"cannot be given: {has_not(offered.title, missing, offered.keys)}")
        return None

    def missing(self, type: str, declared: Mapping[str, Any]) -> Missing | None:
        """Return in a preview an object that a new resource names and that does not exist; None where all do, as far as that is
        known."""
        return self.preview.missing(RESOURCE_TYPES[type], declared)

    def why_roles_are_refused(self, use: RoleUse | None, *, may_come: bool) -> str | None:
        """Return in a preview why a resource cannot give roles; None where it can, or where that is not known.

        :param may_come: whether a resource of another package may create the roles in the same run.
        """
        if use is None:
            return None
        taken = self.why_roles_are_taken(use)
        if taken is not None or may_come:
            return taken
        offered = {of: offer.keys for of, (offer, _) in self.registry.offers().items()}
        missing = self.preview.missing_roles(use, offered)
        if missing is None:
            return None
        return self.reporter.mask(
            f"cannot be given: {missing}. If this program adds the role, let this resource wait for the one that adds it "
            "(depends_on)"
        )

    def hidden(self, type: str, declared: Mapping[str, Any]) -> frozenset[str]:
        """Return the properties that the program declares as secret.

        :param type: the resource's type token.
        :param declared: as for :meth:`hide`.
        """
        return self._secret.get(_key(type, declared), frozenset())

    def report_unfinished(self, type: str, id: str, names: Collection[str]) -> None:
        """Report in a preview that an earlier update failed half way, and what this one changes therefore."""
        self.reporter.warn(
            f"an earlier update of {RESOURCE_TYPES[type].noun} {id} failed half way. `pulumi up` brings "
            f"{', '.join(sorted(names))} to what the program declares."
        )

    def report_kept(
        self, type: str, declared: Mapping[str, Any], *, resource: str, named: Collection[str] = ()
    ) -> None:
        """Report in a preview that an object exists which its own deletion policy keeps when its resource is replaced.

        :param named: the resources whose ids it names, of those that are not known.
        """
        if not self.settings.preview_impact or declared.get("deletion_policy") == DeletionPolicy.REMOVE.value:
            return
        if not all(map(self.registry.is_created, named)):
            # With a resource, the engine replaces those that name it. It checks them without what they were before.
            self.registry.takes_back(resource)
        sentence = None if declared.get("adopt") else self.preview.kept(RESOURCE_TYPES[type], declared)
        if sentence is not None:
            self.registry.takes_back(resource)
            self._impacts.add((sentence,), Harm.REST)

    def report_impact(
        self,
        planned: Planned,
        declared: Mapping[str, Any],
        *,
        resource: str | None = None,
        created: Collection[str] = (),
    ) -> None:
        """Report in a preview what the change would do to people, if it is significant.

        :param declared: all that the program declares of the resource, as `check` has returned it.
        :param resource: the resource, if the run creates its object or adopts one.
        :param created: the properties that have the ids of what the same run creates.
        """
        adopts = planned.adopts
        if self.settings.preview_impact:
            resource_type = RESOURCE_TYPES[planned.type]
            planned = self.preview.resolve(resource_type, planned)
            self._report_effect(resource_type, planned, self.hidden(planned.type, declared), created)
        if resource is None:
            return
        if planned.id is not None:
            self.registry.adopts(resource, planned.id)
        elif not adopts or (planned.before is None and self.settings.preview_impact):
            self.registry.creates(resource)

    def _report_effect(
        self, resource_type: ResourceType[Any], planned: Planned, hidden: Collection[str], created: Collection[str]
    ) -> None:
        impact = resource_type.impact
        effect = impact.effect(planned).hiding(hidden)
        if not effect.is_significant:
            return
        if effect.adopts:
            deactivates = effect.act is Act.DEACTIVATES
            self._impacts.count_not_read(resource_type.noun, impact.sentences(effect), inactive=deactivates)
        elif effect.act is Act.CREATES and not impact.takes_access(effect) and {*created} & {*impact.gives_access_to}:
            self._impacts.count_created(resource_type.noun, impact.sentences(effect))
        else:
            sentences = impact.sentences(effect, self.preview.facts(resource_type, effect))
            self._impacts.add(sentences, impact.harm(effect), maybe=effect.maybe)


def _key(type: str, properties: Mapping[str, Any]) -> str:
    return repr((type, [properties.get(name) for name in INPUTS[type].names()]))


_current: ProviderContext | None = None


def start(context: ProviderContext) -> None:
    """Make it the context of this process; a context that was started before is closed."""
    global _current  # noqa: PLW0603 - the one thing that the process has once
    stop()
    _current = context


def stop() -> None:
    """Close the context of this process."""
    global _current  # noqa: PLW0603 - the one thing that the process has once
    if _current is not None:
        _current.close()
    _current = None


def current() -> ProviderContext:
    """The context of this process.

    :raises ConfigurationError: where no provider has been configured.
    """
    if _current is None:
        raise ConfigurationError("The provider was used before it was configured")
    return _current


def is_started() -> bool:
    """Whether this process has a context."""
    return _current is not None


def readable(hook: Hook) -> Hook:
    """Make an error of this package one message, without secrets and without the errors that led to it."""

    @wraps(hook)
    def call(*args: Any) -> Any:
        try:
            return hook(*args)
        except ZorgError as error:
            raise (error if _current is None else _current.reporter.mask_error(error)) from None

    return call  # type: ignore[return-value]  # functools.wraps keeps the signature
