"""The program of the checkout's own Pulumi project: the quickstart.

`main: examples/quickstart` in Pulumi.yaml would do the same, but the engine's two launchers then disagree about where
`virtualenv: .venv` is.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parent / "examples" / "quickstart" / "__main__.py"))
