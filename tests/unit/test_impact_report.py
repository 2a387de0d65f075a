"""The order of the sentences of a preview, and what is only counted."""

from __future__ import annotations

from pulumi_zorg.engine.preview import ImpactReport
from pulumi_zorg.resource_types.impact import Harm


def _filled(report: ImpactReport) -> None:
    report.count(Harm.CREATED, "user grant", ("gives something new",))
    report.count(Harm.CREATED, "project grant", ("lets something new",))
    report.count(Harm.CREATED, "user grant", ("gives more",))
    report.add(("renames",), Harm.REST)
    report.add(("gives",), Harm.GIVES)
    report.count(Harm.NOT_READ, "project", ("may be so",))
    report.count(Harm.NOT_READ, "project", ())  # of an adoption that changes nothing whatever exists
    report.count(Harm.DEACTIVATES, "organization", ("may deactivate",))
    report.add(("may take",), Harm.TAKES, maybe=True)
    report.add(("takes", "and more of the same change"), Harm.TAKES)
    report.add(("deactivates",), Harm.DEACTIVATES)
    report.add(("removes",), Harm.REMOVES)


def test_who_loses_access_comes_first_and_what_is_counted_has_its_place() -> None:
    lines = list[str]()
    report = ImpactReport(lines.append, at_once=False)
    _filled(report)
    assert lines == [], "more may come that does more harm"
    report.write()
    assert [line.split(".")[0] for line in lines] == [
        "removes",
        "deactivates",
        "adopts 1 organization that this preview could not compare with what exists, and deactivates each that is active",
        "takes",
        "and more of the same change",
        "may take",
        "adopts 1 project that this preview could not compare with what exists",
        "gives",
        "gives roles by 1 project grant and 2 user grants in organizations or projects that this run creates",
        "renames",
    ]
    report.write()
    assert len(lines) == 10, "nothing is written twice"


def test_where_nothing_can_be_written_later_all_is_written_at_once() -> None:
    lines = list[str]()
    report = ImpactReport(lines.append, at_once=True)
    _filled(report)
    written = list(lines)
    report.write()
    assert lines == written
    assert written[0] == "gives something new"
    assert len(written) == 12, "nothing is only counted"
