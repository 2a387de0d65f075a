"""Lists of a real server lag behind what was just done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pulumi_zorg.api.retry import poll

T = TypeVar("T")


def listed(read: Callable[[], T]) -> T:
    """What a list shows, once it shows anything: on a real server lists lag behind."""
    return poll(read, bool, within=20, sleep=lambda seconds: time.sleep(min(seconds, 0.1)))
