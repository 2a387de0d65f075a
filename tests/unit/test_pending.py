"""Pending creates: where they are kept, which backend they belong to, and what happens where they cannot be kept."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_zorg.engine.pending import Attempt, PendingCreate, PendingCreates, pending_creates_folder
from pulumi_zorg.world.tokens import type_token

URL = "https://zitadel.example"
ORGANIZATION, PROJECT = type_token("Organization"), type_token("Project")
PENDING = PendingCreate(URL, "o/p/s/Organization/acme", {"name": "Acme"}, (Attempt("1", 10.0),))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and a project's folder to stand in."""
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CREDENTIALS_PATH", "ZORG_JOURNAL_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    (tmp_path / "pulumi").mkdir()
    (tmp_path / "project" / "sub").mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    monkeypatch.chdir(tmp_path / "project" / "sub")
    return tmp_path


def project_backend(home: Path, url: str) -> None:
    (home / "project" / "Pulumi.yaml").write_text(f"name: p\nruntime: python\nbackend:\n  url: {url}\n")


def log_in(home: Path, url: str) -> None:
    (home / "pulumi" / "credentials.json").write_text(json.dumps({"current": url}))


def test_each_backend_has_a_folder_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the engine's own order: the environment, the project, the login."""
    log_in(home, "https://api.pulumi.com")
    found = [pending_creates_folder()]
    project_backend(home, "s3://bucket")
    found.append(pending_creates_folder())
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/state")
    found.append(pending_creates_folder())
    assert None not in found
    assert len(set(found)) == 3
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    monkeypatch.chdir(home)
    assert [pending_creates_folder(), pending_creates_folder(home / "project" / "sub")] == found[:2]
    assert {folder.parent for folder in found if folder} == {home / "pulumi" / "zorg" / "journal"}


def test_a_backend_that_may_be_another_one_keeps_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is relative to where `pulumi` was called, which a provider does not know."""
    assert pending_creates_folder() is None
    log_in(home, "file://./state")
    assert pending_creates_folder() is None
    project_backend(home, "file://state")
    assert pending_creates_folder() is None
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file://../state")
    assert pending_creates_folder() is None
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file://~")
    assert pending_creates_folder() is not None


def test_the_folder_can_be_another_one_and_begin_with_a_tilde(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/state")
    monkeypatch.setenv("ZORG_JOURNAL_DIR", "~/kept")
    folder = pending_creates_folder()
    assert folder is not None
    assert folder.parent == home / "kept"


def test_a_project_file_that_cannot_be_read_keeps_nothing(home: Path) -> None:
    log_in(home, "https://api.pulumi.com")
    for text in ("backend: [", "backend: 5", "- a\n- b"):
        (home / "project" / "Pulumi.yaml").write_text(text)
        assert pending_creates_folder() is None


def test_what_is_kept_is_found_by_the_next_run_of_the_same_instance(tmp_path: Path) -> None:
    first = PendingCreates(URL, tmp_path, pytest.fail)
    first.keep(PENDING)
    first.amend(PENDING.resource, id="42")
    assert PendingCreates("https://other.example", tmp_path, pytest.fail).find(PENDING.resource) is None
    second = PendingCreates(URL, tmp_path, pytest.fail)
    found = second.find(PENDING.resource)
    assert found is not None
    assert (found.id, found.attempts) == ("42", PENDING.attempts)
    second.seen_by_engine(PROJECT, "42")
    assert second.find(PENDING.resource) == found, "an id is unique only within a type"
    second.seen_by_engine(ORGANIZATION, "42")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    warnings: list[str] = []
    pending = PendingCreates(URL, tmp_path, warnings.append)
    pending.keep(PENDING)
    assert "No space left on device" in warnings[0]
    assert "ZORG_JOURNAL_DIR" in warnings[0]
    assert pending.find(PENDING.resource) == PENDING


def test_a_file_keeps_its_size(tmp_path: Path) -> None:
    """Then a power failure leaves what was there before, or what was written."""
    pending = PendingCreates(URL, tmp_path, pytest.fail)
    pending.keep(PENDING)
    (file,) = tmp_path.iterdir()
    before = file.stat().st_size
    pending.amend(PENDING.resource, id="42")
    assert file.stat().st_size == before
    assert json.loads(file.read_text())["id"] == "42"


def test_nobody_else_can_read_a_file(tmp_path: Path) -> None:
    PendingCreates(URL, tmp_path, pytest.fail).keep(PENDING)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text(json.dumps({"url": URL, "owner": "an older release", "tries": []}))
    assert PendingCreates(URL, tmp_path, pytest.fail).find(PENDING.resource) is None


def test_what_an_earlier_release_returned_to_the_engine_is_not_pending(tmp_path: Path) -> None:
    """Earlier releases kept the file until a later run showed the id."""
    PendingCreates(URL, tmp_path, pytest.fail).keep(PENDING)
    (file,) = tmp_path.iterdir()
    for returned, found in ((False, PENDING), (True, None)):
        values = {name: value for name, value in json.loads(file.read_text()).items() if name != "secret"}
        file.write_text(json.dumps({**values, "returned": returned}))
        assert PendingCreates(URL, tmp_path, pytest.fail).find(PENDING.resource) == found


def test_a_secret_identity_is_not_on_the_disk(tmp_path: Path) -> None:
    pending = PendingCreates(URL, tmp_path, pytest.fail)
    pending.keep(PENDING)
    pending.keep(replace(PENDING, secret=True))
    pending.amend(PENDING.resource, id="42")
    assert list(tmp_path.iterdir()) == []
    found = pending.find(PENDING.resource)
    assert found is not None
    assert found.id == "42", "within the run it is known"


def test_a_file_that_cannot_be_deleted_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    warnings: list[str] = []
    pending = PendingCreates(URL, tmp_path, warnings.append)
    pending.keep(PENDING)
    (file,) = tmp_path.iterdir()
    monkeypatch.setattr(Path, "unlink", refused)
    pending.forget(PENDING.resource)
    assert f"Delete {file}" in warnings[0]
