"""What changes of people and service accounts mean, in sentences. Pure: no I/O. They say what was measured (docs/resources.md)."""

from __future__ import annotations

from pulumi_zorg.resource_types.impact import Act, Effect, Facts, Impact, active, name_text

_COMES_BACK = {
    "human user": "refresh tokens and sessions of before work again without a password; access tokens of before never do",
    "machine user": "it gets new tokens again; access tokens and personal access tokens of before never work again",
}


class UserImpact(Impact):
    """The sentences about users of one kind.

    :param noun: what they are called.
    :param halted: see :attr:`ResourceType.halted`.
    """

    known_by = ("user_name",)

    def __init__(self, noun: str, halted: dict[str, str]) -> None:
        self._noun, self._halted = noun, halted

    def is_significant(self, effect: Effect) -> bool:
        return effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES) or self._stays(effect) is not None

    def _stays(self, effect: Effect) -> str | None:
        """Return the state in which a user stays whom the program wants to be active; None for another one."""
        wanted = effect.after is not None and active(effect.after) is not False
        return self._halted.get(str((effect.before or {}).get("state"))) if wanted else None

    def thing(self, effect: Effect, facts: Facts) -> str:
        return f"{self._noun} {name_text(effect.properties.get('user_name'))}{f' ({effect.id})' if effect.id else ''}"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        thing = self.thing(effect, facts)
        match effect.act:
            case Act.DEACTIVATES:
                what = (
                    f"deactivates {thing}: every login, refresh, access token and personal access token stops at once"
                )
            case Act.REMOVES:
                what = f"removes {thing} for good, with its user grants, its roles as a manager and its history"
            case Act.REACTIVATES if self._stays(effect) is None:
                what = f"reactivates {thing}: {_COMES_BACK[self._noun]}"
            case _:
                stays = self._stays(effect)
                return () if stays is None else (f"leaves {thing} {stays}: no update unlocks it",)
        return (what,)
