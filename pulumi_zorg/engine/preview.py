"""What a preview verifies and reports: what would fail in the update, and what the changes would do to people.

Calls to the server are made only in a preview that has something to do. So this module does not load the client: a preview
without changes would wait for that.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from pulumi_zorg.access.instance import COLLECTIONS, Instance
from pulumi_zorg.engine.managed_objects import ManagedObjects
from pulumi_zorg.engine.reporter import Reporter
from pulumi_zorg.resource_types.impact import UNKNOWN, Act, Harm, Planned, count_text
from pulumi_zorg.resource_types.inputs import DECLARED_BY, FILLED, MAY_COME, UNFINISHED, Problem, RoleUse, known_roles
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy, merged
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings

if TYPE_CHECKING:
    from pulumi_zorg.engine.preview_impact import PreviewImpact
    from pulumi_zorg.resource_types.planned_access import PlannedChange

_IF_OTHERWISE = (
    "Those that are as declared stay as they are. The others are changed, and lose roles that are not declared"
)
#: What is only counted, with a place for the counts.
_COUNTED = {
    Harm.DEACTIVATES: "adopts {} that this preview could not compare with what exists, and deactivates each that is active. "
    + _IF_OTHERWISE,
    Harm.NOT_READ: "adopts {} that this preview could not compare with what exists. " + _IF_OTHERWISE,
    Harm.CREATED: "gives roles by {} in organizations or projects that this run creates. They are counted here and not listed",
}

#: A preview does not see deletions.
_NOBODY = "nobody loses access by these creates and updates"

#: The properties that decide which roles are given.
_NAME_ROLES = frozenset({"role_keys", "project_id", "project_grant_id"})


class ImpactReport:
    """Keeps sentences about planned changes, and writes them in the order of harm.

    The engine gives the changes to the provider one by one, in the order of the program, and interrupts the host process when the
    plan is complete. What the process writes until it ends is shown. So the sentences are kept until then: who loses access comes
    first, whatever the order of the program is.

    :param note: writes a sentence.
    :param at_once: whether sentences are written when they are added, and nothing is only counted. On Windows the interrupt
        ends the process at once, so that nothing could be written later.
    """

    def __init__(self, note: Callable[[str], None], *, at_once: bool = os.name == "nt") -> None:
        self._note = note
        self.at_once = at_once
        self._kept: list[tuple[Harm, bool, str]] = []
        self._counted: defaultdict[Harm, Counter[str]] = defaultdict(Counter)
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def add(self, sentences: Sequence[str], harm: Harm, *, maybe: bool = False) -> None:
        """Report a change.

        :param maybe: whether it is known only when the change is made. It comes after what is known.
        """
        if self.at_once:
            for sentence in sentences:
                self._note(sentence)
            return
        with self._lock:
            self._kept += ((harm, maybe, sentence) for sentence in sentences)

    def add_once(self, sentence: str | None) -> None:
        """Report what is the same for many changes."""
        with self._lock:
            if sentence is None or sentence in self._said:
                return
            self._said.add(sentence)
        self.add((sentence,), Harm.REST)

    def count(self, harm: Harm, noun: str, sentences: Sequence[str]) -> None:
        """Count a change of which many would have the same sentences.

        :param harm: DEACTIVATES or NOT_READ for the adoption of an object that was not read, so that it is not known whether it
            changes anything; DEACTIVATES where the object may be declared inactive. CREATED for an object that gives access to
            what the same run creates.
        """
        if self.at_once:
            self.add(sentences, harm)
        elif sentences:
            with self._lock:
                self._counted[harm][noun] += 1

    def write(self) -> None:
        """Write what was kept."""
        with self._lock:
            kept, counted = self._kept, self._counted
            self._kept, self._counted = [], defaultdict(Counter)
        kept += (
            (harm, harm is Harm.DEACTIVATES, _COUNTED[harm].format(_listed(nouns))) for harm, nouns in counted.items()
        )
        for _, _, sentence in sorted(kept, key=lambda each: each[:2]):
            self._note(sentence)


def _listed(counter: Counter[str]) -> str:
    *first, last = [count_text(number, noun) for noun, number in sorted(counter.items())]
    return f"{', '.join(first)} and {last}" if first else last


class Preview:
    """One preview. Properties come with :data:`UNKNOWN` in place of values that are not known yet."""

    def __init__(self, settings: Settings, reporter: Reporter, objects: ManagedObjects) -> None:
        self._settings, self._reporter, self._objects = settings, reporter, objects
        self._impacts = ImpactReport(reporter.note)
        self._changes: list[PlannedChange] = []
        self._numbers = count()
        #: Whether an adoption was only counted: it may take access from somebody.
        self._has_counted = False
        self._reads: PreviewImpact | None = None
        self._lock = threading.Lock()

    def _instance(self) -> PreviewImpact:
        """Return what reads the instance. It has used the credential once.

        A server that cannot be reached is a warning: whether it can be at the time of the update is another question.

        :raises CredentialError: where the server gives no token for the credential.
        :raises Unauthenticated: where the server refuses it.
        """
        with self._lock:
            if self._reads is None:
                from pulumi_zorg.engine.preview_impact import PreviewImpact

                self._reads = PreviewImpact(self._settings)
                warning = self._reads.check_credential()
                if warning is not None:
                    self._reporter.warn(warning)
            return self._reads

    def close(self) -> None:
        """Write what was kept for the end of the preview, and close the connections."""
        self._impacts.write()
        if self._reads is not None:
            if self._changes and not self._impacts.at_once:
                for sentence in _who_by(self._changes, *self._reads.known, is_all=not self._has_counted):
                    self._reporter.note(sentence)
            self._reads.close()

    def check(
        self,
        token: str,
        resource: str,
        declared: Mapping[str, Any],
        news: Mapping[str, Any],
        olds: Mapping[str, Any] | None,
    ) -> Problem | None:
        """Return why the update of a resource would fail, as far as that can be known. Report what its create would do to people.

        :param declared: what the program declares, in the state's form.
        :param news: the internal inputs.
        :param olds: what the program declared before; None where the resource is created or replaced.
        :raises ZorgError: where the server does not accept the credential.
        """
        inputs, objects = INPUTS[token], self._objects
        mine, may_come = objects.declared(resource), frozenset(news.get(MAY_COME) or ())
        if olds is None or any(olds.get(name) != declared.get(name) for name in inputs.names()):
            self._instance()
        not_known = {
            name: owner for name, owner in (news.get(DECLARED_BY) or {}).items() if declared.get(name) is UNKNOWN
        }
        adopted = {name: objects.declared(owner).adopts for name, owner in not_known.items()}
        named = {**declared, **{name: each for name, each in adopted.items() if each is not None}}
        roles = declared.get("role_keys")
        if olds is None or (olds.get("role_keys") != roles and "role_keys" not in mine.ignored):
            use = inputs.used_roles(named)
            refused = objects.why_roles_are_not_declared(known_roles(roles) or (), not_known)
            if refused is None and use is not None:
                refused = objects.why_roles_are_taken(use)
                if refused is None and may_come.isdisjoint(_NAME_ROLES):
                    refused = self._why_roles_are_refused(use)
            if refused is not None:
                return Problem("role_keys", refused)
        offered = inputs.offered_roles(named)
        mine.offers = offered or mine.offers
        if olds is not None:
            return None
        present = {name: value for name, value in named.items() if name not in may_come}
        missing = self._instance().missing(RESOURCE_TYPES[token], present)
        if missing is not None:
            return Problem(missing.property, missing.reason)
        self._report_create(token, resource, declared, named, not_known)
        if mine.adopts is not None and offered is not None:
            objects.offers[offered.reference, mine.adopts] = offered, frozenset()
        return None

    def _why_roles_are_refused(self, use: RoleUse) -> str | None:
        """Return why a resource cannot give roles; None where it can, or where that is not known."""
        offered = {of: offer.keys for of, (offer, _) in self._objects.offers.copy().items()}
        missing = self._instance().missing_roles(use, offered)
        if missing is None:
            return None
        return (
            f"cannot be given: {missing}. If this program adds the role, let this resource wait for the one that adds it "
            "(depends_on)"
        )

    def _report_create(
        self,
        token: str,
        resource: str,
        declared: Mapping[str, Any],
        named: Mapping[str, Any],
        not_known: Mapping[str, str],
    ) -> None:
        """Report what the create of a resource would do, and remember whether it adopts an object.

        :param named: what it declares, with the ids of objects that the program adopts.
        :param not_known: which resources have the ids that it names, of those that are not known.
        """
        objects, mine = self._objects, self._objects.declared(resource)
        created = [name for name, owner in not_known.items() if objects.declared(owner).is_created]
        planned = Planned(token, None, None, named)
        adopts = planned.adopts
        if self._settings.preview_impact:
            planned = self._report(planned, declared, created)
            if planned.id is None and planned.before is None:
                self._impacts.add_once(self._instance().remark_on_create(RESOURCE_TYPES[token], declared))
        if planned.id is not None:
            mine.adopts = planned.id
        elif not adopts or (planned.before is None and self._settings.preview_impact):
            mine.is_created = not mine.in_state
        if not self._settings.preview_impact or named.get("deletion_policy") == DeletionPolicy.REMOVE.value:
            return
        # An object may exist that the deletion policy has kept. With a resource, the engine replaces those that name it. It checks
        # them without what they were before.
        sentence = None if named.get("adopt") else self._instance().kept(RESOURCE_TYPES[token], named)
        if sentence is not None or len(created) < len(not_known):
            mine.is_created = False
        if sentence is not None:
            self._impacts.add((sentence,), Harm.REST)

    def report_update(
        self,
        token: str,
        id: str,
        olds: Mapping[str, Any],
        before: Mapping[str, Any],
        declared: Mapping[str, Any],
    ) -> None:
        """Report what the update of an object would do to people, if it is significant.

        :param olds: what the state has of it.
        :param before: what the program declared before.
        :param declared: what the program declares, as `check` has returned it.
        """
        filled, unfinished = olds.get(FILLED) or {}, olds.get(UNFINISHED)
        unused = RESOURCE_TYPES[token].unused_changes(before, declared)
        if unused is not None:
            self._reporter.warn(f"{RESOURCE_TYPES[token].noun} {id}: {unused}.")
        if unfinished:
            self._reporter.warn(
                f"an earlier update of {RESOURCE_TYPES[token].noun} {id} failed half way. `pulumi up` brings "
                f"{', '.join(sorted(unfinished))} to what the program declares."
            )
        if self._settings.preview_impact:
            # What is left to the server stays as it is.
            after = {
                name: merged(before.get(name), declared.get(name, filled.get(name)), olds.get(name))
                for name in INPUTS[token].names()
            }
            after = {name: value for name, value in after.items() if value is not None}
            self._report(Planned(token, id, {**filled, **olds}, after), declared)

    def _report(self, planned: Planned, declared: Mapping[str, Any], created: Collection[str] = ()) -> Planned:
        """Report what a change would do to people, if it is significant. Return it with what the state does not have.

        :param declared: all that the program declares of the resource, as `check` has returned it.
        :param created: the properties that have the ids of what the same run creates.
        """
        resource_type = RESOURCE_TYPES[planned.type]
        planned, impact = self._instance().resolve(resource_type, planned), resource_type.impact
        effect = impact.effect(planned).hiding(self._reporter.hidden(planned.type, declared))
        if not effect.is_significant:
            return planned
        if effect.adopts:
            harm = Harm.DEACTIVATES if effect.act is Act.DEACTIVATES else Harm.NOT_READ
            self._impacts.count(harm, resource_type.noun, impact.sentences(effect))
            self._has_counted = True
        elif effect.act is Act.CREATES and not impact.takes_access(effect) and {*created} & {*impact.gives_access_to}:
            self._impacts.count(Harm.CREATED, resource_type.noun, impact.sentences(effect))
        else:
            from pulumi_zorg.resource_types.planned_access import PlannedChange

            known = self._instance().known_to(effect)
            facts = self._instance().facts(*known, effect)
            change = PlannedChange(f"change {next(self._numbers)}", impact.thing(effect, facts), effect)
            self._changes.append(change)
            # Where nothing is kept until the end, each change is reported by itself.
            who = _who_by([change], *known, is_all=False) if self._impacts.at_once else ()
            self._impacts.add((*impact.sentences(effect, facts), *who), impact.harm(effect), maybe=effect.maybe)
        return planned


def _who_by(
    changes: Sequence[PlannedChange], instance: Instance | None, why_not: str | None, *, is_all: bool
) -> tuple[str, ...]:
    """Return who loses and who gains what by changes, and what is not known of that, as sentences.

    :param is_all: whether these are all creates and updates of the run.
    """
    from pulumi_zorg.resource_types.planned_access import people_of

    # Of an instance that was not read, only what the changes name is known.
    known = instance or Instance(unlisted=dict.fromkeys(COLLECTIONS, why_not or "it was not read"))
    people = people_of(known, changes)
    nobody = is_all and people.nobody_loses and any(each.takes_access for each in changes)
    return (*people.sentences, *people.gaps, *((_NOBODY,) if nobody else ()))
