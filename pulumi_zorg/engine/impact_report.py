"""What a preview reports of its changes, in the order of harm.

The engine gives the changes to the provider one by one, in the order of the program, and interrupts the host process when the
plan is complete. What the process writes until it ends is shown. So the sentences are kept until then: who loses access comes
first, whatever the order of the program is.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from pulumi_zorg.resource_types.impact import Harm, count_text

__all__ = ["ImpactReport"]

_NOT_COMPARED = "that this preview could not compare with what exists"
_IF_OTHERWISE = (
    "Those that are as declared stay as they are. The others are changed, and lose roles that are not declared"
)


class ImpactReport:
    """Keeps sentences about planned changes, and writes them in the order of harm.

    :param note: writes a sentence.
    :param at_once: whether sentences are written when they are added, and nothing is only counted. On Windows the interrupt
        ends the process at once, so that nothing could be written later.
    """

    def __init__(self, note: Callable[[str], None], *, at_once: bool = os.name == "nt") -> None:
        self._note = note
        self._at_once = at_once
        self._kept: list[tuple[Harm, bool, str]] = []
        self._not_read: Counter[str] = Counter()
        self._inactive: Counter[str] = Counter()
        self._created: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, sentences: Sequence[str], harm: Harm, *, maybe: bool = False) -> None:
        """Report a change.

        :param maybe: whether it is known only when the change is made. It comes after what is known.
        """
        if self._at_once:
            for sentence in sentences:
                self._note(sentence)
            return
        with self._lock:
            self._kept += ((harm, maybe, sentence) for sentence in sentences)

    def count_not_read(self, noun: str, sentences: Sequence[str], *, inactive: bool = False) -> None:
        """Count the adoption of an object that was not read, so that nobody knows whether it changes anything.

        :param inactive: whether it may be declared inactive, so that it is deactivated if it is active.
        """
        self._count(self._inactive if inactive else self._not_read, noun, sentences)

    def count_created(self, noun: str, sentences: Sequence[str]) -> None:
        """Count an object that gives access to what the same run creates."""
        self._count(self._created, noun, sentences)

    def _count(self, counter: Counter[str], noun: str, sentences: Sequence[str]) -> None:
        if self._at_once:
            self.add(sentences, Harm.REST)
        elif sentences:
            with self._lock:
                counter[noun] += 1

    def write(self) -> None:
        """Write what was kept."""
        with self._lock:
            kept, self._kept = self._kept, []
            not_read, inactive, created = map(_listed, (self._not_read, self._inactive, self._created))
            for counter in (self._not_read, self._inactive, self._created):
                counter.clear()
        if inactive:
            deactivates = f"adopts {inactive} {_NOT_COMPARED}, and deactivates each that is active"
            kept.append((Harm.DEACTIVATES, True, f"{deactivates}. {_IF_OTHERWISE}"))
        if not_read:
            kept.append((Harm.NOT_READ, False, f"adopts {not_read} {_NOT_COMPARED}. {_IF_OTHERWISE}"))
        if created:
            where = "in organizations or projects that this run creates"
            kept.append(
                (Harm.CREATED, False, f"gives roles by {created} {where}. They are counted here and not listed")
            )
        for _, _, sentence in sorted(kept, key=lambda each: each[:2]):
            self._note(sentence)


def _listed(counter: Counter[str]) -> str:
    *first, last = [count_text(number, noun) for noun, number in sorted(counter.items())] or [""]
    return f"{', '.join(first)} and {last}" if first else last
