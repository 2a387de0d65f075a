"""Looks at the instance for :mod:`pulumi_zorg.drift`: in lists where there is much, and by id wherever a list shows
something else than the state, for lists lag and are no proof. It writes nothing."""

from __future__ import annotations

from pulumi_zorg.survey.history import explain_drifts, explain_others, happened_since, touched
from pulumi_zorg.survey.others import find_others, list_all_grants
from pulumi_zorg.survey.reading import Seen, look, verify_instance

__all__ = [
    "Seen",
    "explain_drifts",
    "explain_others",
    "find_others",
    "happened_since",
    "list_all_grants",
    "look",
    "touched",
    "verify_instance",
]
