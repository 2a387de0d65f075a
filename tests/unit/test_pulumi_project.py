"""Where a project is, as each process finds it from the program's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_zorg.settings.pulumi_project import program_folder, project_file, project_folder


@pytest.mark.parametrize(
    ("content", "program", "known"),
    [
        ("name: p", ".", True),
        ("name: p\nmain: .", ".", True),
        ("name: p\nmain: app", "app", True),
        ("name: p\nmain: ./app/src/", "app/src", True),
        ("name: p\nmain: app/src/run.py", "app/src", True),
        ("name: p\nmain: ../elsewhere", "../elsewhere", False),
        ("- no mapping", ".", True),
        ("a: b: c", ".", True),
    ],
)
def test_the_folder_of_the_project_is_found_from_that_of_its_program(
    tmp_path: Path, content: str, program: str, known: bool
) -> None:
    project = tmp_path.resolve() / "project"
    (project / "app" / "src").mkdir(parents=True)
    (project / "app" / "src" / "run.py").touch()
    (project / program).mkdir(exist_ok=True)
    (project / "Pulumi.yaml").write_text(content)
    folder = program_folder(project / "Pulumi.yaml")
    assert folder == (project / program).resolve()
    assert project_folder(folder) == (project if known else None)


def test_the_project_of_another_program_is_not_the_one(tmp_path: Path) -> None:
    """A program that has a Pulumi.yaml of its own, and is run by the project above it too."""
    root = tmp_path.resolve()
    inner = root / "app"
    (inner / "src").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: outer\nmain: app\n")
    (inner / "Pulumi.json").write_text('{"name": "inner", "main": "src"}')
    assert project_file(inner) == inner / "Pulumi.json"
    assert project_folder(inner) == root
    assert project_folder(inner / "src") == inner
    assert project_folder(root) is None
