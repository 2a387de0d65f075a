"""Plans as `pulumi preview --json` prints them: steps, and a summary that agrees with them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

__all__ = ["plan_text", "summary_of"]

#: Operations that the engine lists and does not count.
_NOT_COUNTED = (
    "create-replacement",
    "delete-replaced",
    "refresh",
    "remove-pending-replace",
    "read",
    "discard-replaced",
)


def summary_of(steps: Any) -> dict[str, int]:
    """How many resources each operation concerns, as the engine counts them."""
    return dict(Counter(step["op"] for step in steps if step["op"] not in _NOT_COUNTED))


def plan_text(*steps: dict[str, Any], **more: Any) -> str:
    """The plan with these steps."""
    return json.dumps({"steps": steps, "changeSummary": summary_of(steps), "duration": 1_000_000, **more})
