"""Loads a file of the repository that is no module of a package: a script, or an example's file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tests.support.stack import ROOT

__all__ = ["load"]


def load(path: str) -> ModuleType:
    """Return a file as a module. Its name is made from the path, so that two files of one name do not meet.

    :param path: from the root of the repository.
    """
    spec = importlib.util.spec_from_file_location(Path(path).with_suffix("").as_posix().replace("/", "_"), ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # pydantic and dataclasses look up the names of annotations there
    spec.loader.exec_module(module)
    return module
