"""What changes of an organization mean to people. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.impact import SECRET, Act, Effect, Facts, Impact, count_text, name_text

__all__ = ["OrganizationImpact"]


class OrganizationImpact(Impact):
    """The sentences about organizations."""

    known_by = ("name",)

    def is_significant(self, effect: Effect) -> bool:
        return effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES)

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        name, where = name_text(effect.properties.get("name")), effect.id or "id not known yet"
        counts = facts.counts
        if effect.properties.get("active") is SECRET and effect.act is not Act.REMOVES:
            return (f"deactivates or reactivates organization {name} ({where}): which of them is secret",)
        if effect.act is Act.REMOVES:
            if not {"users", "projects", "grants"} <= counts.keys():
                all_of_it = "all its projects, users and grants"
                return (f"removes organization {name} and {all_of_it} ({where}{facts.not_counted})",)
            along = ", ".join(count_text(counts[f"{noun}s"], noun) for noun in ("project", "user", "grant"))
            return (f"removes organization {name} and {along} ({where})",)
        # People log in on ZITADEL's pages; service accounts do not.
        if not {"users", "service_accounts"} <= counts.keys():
            people, going_on, where = "its users", "service accounts keep working", f"{where}{facts.not_counted}"
        else:
            accounts = counts["service_accounts"]
            people = f"its {count_text(max(0, counts['users'] - accounts), 'user')}"
            keep = "keeps" if accounts == 1 else "keep"
            going_on = f"{count_text(accounts, 'service account')} {keep} working" if accounts else ""
        if effect.act is Act.REACTIVATES:
            return (f"reactivates organization {name} ({where}): {people} can log in again",)
        deactivated = f"deactivates organization {name} ({where}): {people} cannot log in on ZITADEL's pages"
        return (f"{deactivated}; {going_on}" if going_on else deactivated,)
