"""The JSON schemas of `zorg drift`, `zorg preview-guard` and `zorg doctor`: the published files are those of the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_zorg.cli.json_models import (
    DRIFT_FORMAT,
    PREVIEW_FORMAT,
    DoctorReport,
    DriftReport,
    Output,
    PreviewVerdict,
    json_schema,
)

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize(
    ("file", "model"),
    [("drift.json", DriftReport), ("preview-guard.json", PreviewVerdict), ("doctor.json", DoctorReport)],
)
def test_the_published_schema_is_that_of_the_model(file: str, model: type[Output], tmp_path: Path) -> None:
    generated = json_schema(model)
    if json.loads((SCHEMAS / file).read_text(encoding="utf-8")) != generated:
        new = tmp_path / file
        new.write_text(json.dumps(generated, indent=2) + "\n", encoding="utf-8")
        pytest.fail(f"docs/schemas/{file} is not the schema of the model. Replace it with {new}")


@pytest.mark.parametrize(
    ("model", "format"), [(DriftReport, DRIFT_FORMAT), (PreviewVerdict, PREVIEW_FORMAT)], ids=["drift", "preview"]
)
def test_a_schema_requires_every_field_and_names_the_format(model: type[Output], format: str) -> None:
    schema = json_schema(model)
    assert schema["properties"]["schema"]["const"] == format
    for each in (schema, *schema["$defs"].values()):
        assert set(each["required"]) == set(each["properties"]), each["title"]
