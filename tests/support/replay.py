"""A `pulumi` that runs the real one once for each question, and repeats its answer.

It is for commands that change nothing: `stack --show-name`, `stack export`, `config --json`, and a preview. Their answer
follows from the arguments, the folder, ZITADEL's settings in the environment, the stack's configuration and its state; that of
a preview from the program and from what is on the server too. For all other commands it runs the real one.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

__all__ = ["Replay"]

#: `-IS` and few imports: it starts in 10 ms.
_COMMAND = """#!{python} -IS
import _md5, marshal, os, sys
args, env, answers, stack = sys.argv[1:], os.environ, {answers!r}, {stack!r}
server = open(answers + "/server").read()
preview = bool(server) and ("preview" in args or "--preview-only" in args)
asks = preview or "--show-name" in args or "export" in args or "config" in args and "--json" in args
if not asks or "--file" in args or "PULUMI_STACK" not in env:
    os.execv({pulumi!r}, ["pulumi", *args])
named = ("ZITADEL_", "PULUMI_STACK", "PULUMI_BACKEND_", "PULUMI_CONFIG_")
settings = [each for each in sorted(env.items()) if each[0].startswith(named)]
files = [{state!r}, *(f"{{stack}}/{{name}}" for name in sorted(os.listdir(stack)) if name.startswith("Pulumi."))]
if preview:
    files += [stack + "/__main__.py", stack + "/declared.json"]
question = [args, os.getcwd(), settings, [(file, open(file).read()) for file in files], preview and server]
answer = answers + "/" + _md5.md5(marshal.dumps(question)).hexdigest()
if not os.path.exists(answer):
    import subprocess
    done = subprocess.run([{pulumi!r}, *args], capture_output=True)
    with open(answer, "wb") as file:
        marshal.dump((done.returncode, done.stdout, done.stderr), file)
with open(answer, "rb") as file:
    code, out, err = marshal.load(file)
sys.stdout.buffer.write(out)
sys.stderr.buffer.write(err)
sys.exit(code)
"""


class Replay:
    """The answers for one stack.

    :param bin: the folder with this `pulumi`, to put first on PATH.
    """

    def __init__(self, folder: Path, stack: Path, state: Path, path: str) -> None:
        """:param folder: holds the answers.
        :param stack: the folder of the program.
        :param state: the file with the state.
        :param path: the PATH that has the real `pulumi`.
        """
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self._server = folder / "server"
        self.server = ""
        values = {"answers": str(folder), "stack": str(stack), "state": str(state)}
        (self.bin / "pulumi").write_text(
            _COMMAND.format(python=sys.executable, pulumi=shutil.which("pulumi", path=path), **values)
        )
        (self.bin / "pulumi").chmod(0o755)

    @property
    def server(self) -> str:
        """What is on the server, in the test's words. While it is empty, each preview is a real one."""
        return self._server.read_text()

    @server.setter
    def server(self, what: str) -> None:
        self._server.write_text(what)
