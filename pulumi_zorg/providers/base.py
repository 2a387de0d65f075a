"""The provider of every resource with a state: each hook parses, acts, dumps; nothing is held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pydantic import ValidationError

from pulumi_zorg.errors import AlreadyExists, ApiError, Gone, HeaderIgnored, InputError, NoAnswer, UnexpectedAnswer
from pulumi_zorg.impact import Planned, so_far
from pulumi_zorg.inputs import OWNER, PREVIEW, SECRETS, check_inputs
from pulumi_zorg.proof import Removal
from pulumi_zorg.providers import session
from pulumi_zorg.providers.converge import bring, end, told
from pulumi_zorg.providers.creation import create_once, settle
from pulumi_zorg.providers.kind import AnyInputs, Kind, Sighting
from pulumi_zorg.providers.owners import named
from pulumi_zorg.providers.rivals import Rivals

__all__ = ["StatefulProvider"]


#: Where the state holds what the server filled in; two underscores are the engine's way to say "internal".
_FILLED = "__filled"


class _AnotherOne(Exception):
    """The server has said of another object that it is the one that was created."""

    def __init__(self, told: UnexpectedAnswer) -> None:
        super().__init__(str(told))
        self.told = told


class StatefulProvider(ResourceProvider, Generic[AnyInputs]):
    """Creates, changes, reads and ends the objects of one kind.

    An instance has no attributes, so that what Pulumi pickles into the state is its class's path and name.
    """

    # Safe because there is nothing in an instance that could be secret.
    serialize_as_secret_always = False

    kind: ClassVar[Kind[Any]]

    def configure(self, req: ConfigureRequest) -> None:
        """Reads the settings; an error in them is told before anything is called."""
        session.configure(req)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Brings the inputs to the form in which they stand in the state, and tells what is wrong with them."""
        checked, problems = check_inputs(self.kind.inputs, news, is_unknown=lambda value: isinstance(value, Unknown))
        failures = [CheckFailure(problem.property, problem.reason) for problem in problems]
        session.hide(self.kind, news.get(SECRETS) or (), _later(_olds), _later(checked))
        if OWNER in news and not failures:
            identity = self.kind.identity(checked)
            # The engine checks what it creates, or replaces, without what was before.
            anew = not any(name in _olds for name in self._required())
            other = session.owners.claim(identity, str(news[OWNER]), anew=anew)
            if other is not None:
                reason = f"is declared twice: {named(other)} is the same {self.kind.noun}, and only one resource can manage it"
                failures.append(CheckFailure(next(iter(identity)), reason))
            if PREVIEW in news:
                session.preview()
                if anew and not failures:
                    session.foretell(self.kind, Planned(self.kind.token, None, None, _later(checked)))
        return CheckResult(checked, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Leaves it to the engine to compare the inputs, which names the properties in a preview, and adds what
        cannot be changed in place."""
        identity = self.kind.identity(_news)
        # The engine has the object in its state, so nothing of that one's creation is left to remember.
        session.known(identity, _id)
        had = {**(_olds.get(_FILLED) or {}), **_olds}
        replaces = [name for name in self.kind.inputs.replaces if _moved(had.get(name), _news.get(name))]
        if replaces:
            session.owners.leaves(identity, _id)
        else:
            session.owners.keeps(identity, _id)
            session.foretell(self.kind, Planned(self.kind.token, _id, _later(_olds), _later(_news)))
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Creates the object, or adopts the one that stands there; either is then as declared."""
        client = session.client()
        inputs = self._parsed(props)
        self.kind.before_create(client, inputs)
        owner = session.owners.of(self.kind.identity(props))
        rivals = Rivals(owner, session.owners, session.journal)
        standing = rivals.adoptable(self.kind, client, inputs) if inputs.adopt else None
        if standing is not None:
            settle(self.kind, client, inputs, owner, standing, session.journal, rivals)
            session.owners.stands_for(owner, standing)
            return CreateResult(standing, self._outputs(self._brought(standing, inputs, props, rivals), inputs))
        made = create_once(self.kind, client, inputs, owner, session.journal, rivals, warn=session.warn)
        session.owners.stands_for(owner, made.id)
        try:
            first = self._compares(made.id, inputs) if made.anew else None
            outputs = self._outputs(self._brought(made.id, inputs, props, rivals, first), inputs)
        except _AnotherOne as error:
            session.journal.doubt(client.transport.settings.url, owner, made.id)
            session.owners.lets_go(owner, made.id)
            raise error.told from None
        except (NoAnswer, HeaderIgnored, ApiError) as error:
            if not (inputs.active and made.anew) or isinstance(error, AlreadyExists):
                raise  # the note knows its id: the next try goes on with it
            # It exists, and as declared: an object without a state would be worse than a state to refresh.
            session.warn(
                f"{self.kind.noun} {made.id} was created, but could not be read back; refresh the stack. {error}"
            )
            outputs = inputs.dump()
        session.journal.hand_over(client.transport.settings.url, owner, made.id)
        return CreateResult(made.id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The object as it is: for a refresh, which hands what the state has, and for ``get``, which hands the id."""
        known = {name: value for name, value in props.items() if value is not None}
        asked_for = not any(name in known for name in self._required() if name not in self.kind.address)
        found = self.kind.find(session.client(), id_, known)
        if isinstance(found, Removal):
            if asked_for:
                raise Gone(f"There is no {self.kind.noun} {id_} to get: {told(found)}.")
            session.note(f"{self.kind.noun} {id_} is gone: {told(found)}.")
            return ReadResult("", {})
        if found.warning:
            session.warn(found.warning)
        left = frozenset() if asked_for else frozenset(self.kind.left_to_server) - known.keys()
        inputs = self._inputs_of(found, known, left)
        return ReadResult(id_, {**inputs, **_shown(found, left)}, inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Brings the object to what is declared now."""
        inputs = self._parsed(_news)
        rivals = Rivals(session.owners.of(self.kind.identity(_news)), session.owners, session.journal)
        rivals.let_go_of(self.kind.title(inputs, _id), _id)
        return UpdateResult(self._outputs(self._brought(_id, inputs, _olds, rivals), inputs))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Does what the deletion policy says, unless another resource of the program stands for the object now."""
        session.known_by_id(_id)
        holder = session.owners.holder(_id)
        if holder is not None:
            session.note(f"{self.kind.noun} {_id} is left as it is: {named(holder)} of this program stands for it now.")
            return
        client = session.client()
        inputs = self._parsed(_props)
        end(self.kind, client, _id, inputs, _props, guard=lambda step: self.kind.guard(client, _id, inputs, step))

    def _compares(self, id: str, inputs: AnyInputs) -> Callable[[Sighting], None]:
        """What makes sure, before anything is done to it, that the object is the one that was asked for."""
        asked = self.kind.identity(inputs.model_dump())

        def compare(found: Sighting) -> None:
            is_ = self.kind.identity(found.values)
            if any(is_.get(name) != value for name, value in asked.items() if value):
                raise _AnotherOne(
                    UnexpectedAnswer(
                        f"Creating {self.kind.title(inputs, id)}: the answer names an object that is not what was asked for, so it "
                        "is not ZITADEL's. Nothing was done to it. Check zorg:url, and what stands in front of the server; the "
                        "next `pulumi up` looks for what was created."
                    )
                )

        return compare

    def _brought(
        self,
        id: str,
        inputs: AnyInputs,
        known: Mapping[str, Any],
        rivals: Rivals,
        first: Callable[[Sighting], None] | None = None,
    ) -> Sighting:
        client = session.client()
        found = bring(
            self.kind,
            client,
            id,
            inputs,
            known,
            guard=lambda step: self.kind.guard(client, id, inputs, step),
            made_room=lambda refused: rivals.have_made_room(self.kind, client, inputs, str(refused)),
            first=first,
        )
        if found.warning:
            session.warn(found.warning)
        return found

    def _parsed(self, props: Mapping[str, Any]) -> AnyInputs:
        """The inputs among what the engine hands over, all known by now."""
        try:
            parsed: AnyInputs = self.kind.inputs.model_validate({k: v for k, v in props.items() if v is not None})
        except ValidationError:
            _, problems = check_inputs(self.kind.inputs, props)
        else:
            return parsed
        raise InputError(f"The {self.kind.noun}", problems[0].property, problems[0].reason)

    def _required(self) -> list[str]:
        return [name for name, field in self.kind.inputs.model_fields.items() if field.is_required()]

    def _inputs_of(self, found: Sighting, known: Mapping[str, Any], left: frozenset[str]) -> dict[str, Any]:
        """The inputs that would declare the object as it is, in the state's form."""
        names = self.kind.inputs.model_fields.keys() - left
        checked, _ = check_inputs(self.kind.inputs, {name: found.values.get(name, known.get(name)) for name in names})
        return checked

    def _outputs(self, found: Sighting, inputs: AnyInputs) -> dict[str, Any]:
        declared = inputs.dump()
        return {**declared, **_shown(found, frozenset(self.kind.left_to_server) - declared.keys())}


def _shown(found: Sighting, left: frozenset[str]) -> dict[str, Any]:
    """What the state holds of an object; what the server filled in for the program apart, for it was not declared."""
    filled = {name: value for name, value in found.values.items() if name in left}
    shown = {name: value for name, value in found.values.items() if name not in left}
    return {**shown, _FILLED: filled} if filled else shown


def _later(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, with the engine's own sign for what is not known yet replaced by that of the sentences."""
    return so_far(properties, lambda value: isinstance(value, Unknown))


def _moved(old: Any, new: Any) -> bool:
    """Whether a property that cannot change in place is to change. One that the program leaves to the server is not."""
    return isinstance(new, Unknown) or (new is not None and old != new)
