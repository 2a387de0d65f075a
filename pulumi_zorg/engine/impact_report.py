"""What a preview reports of its changes, in the order of harm.

The engine gives the changes to the provider one by one, in the order of the program, and interrupts the host process when the
plan is complete. What the process writes until it ends is shown. So the sentences are kept until then: who loses access comes
first, whatever the order of the program is.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from pulumi_zorg.resource_types.impact import Harm, count_text

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
        self._counted: defaultdict[Harm, Counter[str]] = defaultdict(Counter)
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

    def count(self, harm: Harm, noun: str, sentences: Sequence[str]) -> None:
        """Count a change of which many would have the same sentences.

        :param harm: DEACTIVATES or NOT_READ for the adoption of an object that was not read, so that it is not known whether it
            changes anything; DEACTIVATES where the object may be declared inactive. CREATED for an object that gives access to
            what the same run creates.
        """
        if self._at_once:
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
