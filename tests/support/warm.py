"""Python processes of the engine that begin with their imports done.

A command of the engine starts two Python processes, the program and the host of the provider. Each imports pulumi and
this package, which takes half a second of CPU time. Here a server imports them once, and forks for each process. The
process gets the arguments, environment, folder, files and process group that the engine gave it.

:func:`commands` makes the commands that ask the server: `python3`, `python` and `zorg`. What is always the same, they answer themselves.
For what the server does not run, they start the real `python3`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import marshal
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

_IMPORTED = (
    "dill",
    "encodings.idna",
    "grpc._channel",
    "grpc._interceptor",
    "grpc._server",
    "pulumi.dynamic",
    "pulumi_zorg.exports",
    "pulumi_zorg.cli.drift",
    "pulumi_zorg.cli.preview_guard",
    "pulumi_zorg.guard.plan",
    "pulumi_zorg.api.transport",
    "pulumi_zorg.engine.hooks",
    "pulumi_zorg.resource_types.organization.declaration",
    "pulumi_zorg.resource_types.project.declaration",
    "pulumi_zorg.resource_types.project_grant.declaration",
    "pulumi_zorg.resource_types.user_grant.declaration",
)
#: The questions of each command of the engine.
_ASKED = ("--version", "-m pip list -v --format json")

#: A shell starts faster than Python, and answers what is always the same.
_COMMAND = """#!/bin/sh
case "$*" in
{cases}
esac
exec {python} -IS {request} {name} "$@"
"""

#: `-IS` and few imports: it starts in 10 ms. If it is killed, the server kills the process.
_REQUEST = """
import marshal, os, sys
name, args = sys.argv[1], sys.argv[2:]
if name == "zorg":
    args = [{zorg!r}, *args]
elif args[:3] != ["-u", "-m", "pulumi.dynamic"]:
    program = args[args[:1] == ["-u"] :]
    if not (program and program[0].endswith("/pulumi-language-python-exec")):
        os.execv({python!r}, [{python!r}, *args])
    args = program
import _socket, array, signal
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.SIG_IGN)  # the process gets it too, and this one ends after it
request = marshal.dumps((args, dict(os.environ), os.getcwd(), os.getpgid(0)))
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
files = array.array("i", (0, 1, 2))
server.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
server.sendall(request)
os.closerange(0, 3)
os._exit((server.recv(1) or b"\\1")[0])
"""


def commands(folder: Path) -> Path:
    """Start a server, and return a folder to put first on PATH. The server ends with this process."""
    folder.mkdir()
    address, real = str(folder / "server"), Path(sys.executable)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(32)
    fd = listener.fileno()
    server = subprocess.Popen([real, "-I", __file__, str(fd)], stdin=subprocess.PIPE, pass_fds=[fd])
    listener.close()
    atexit.register(server.communicate)
    cases = []
    for number, asked in enumerate(_ASKED):
        answer = folder / f"answer-{number}"
        answer.write_bytes(subprocess.run([real, *asked.split()], capture_output=True, check=True).stdout)
        cases.append(f'"{asked}") exec cat {shlex.quote(str(answer))} ;;')
    request = folder / "request.py"
    request.write_text(_REQUEST.format(python=str(real), zorg=str(real.parent / "zorg"), address=address))
    for name, its_cases in (("python3", cases), ("python", cases), ("zorg", [])):
        values = {"python": shlex.quote(str(real)), "request": shlex.quote(str(request)), "name": name}
        (folder / name).write_text(_COMMAND.format(cases="\n".join(its_cases), **values))
        (folder / name).chmod(0o755)
    return folder


def _serve(listener: socket.socket) -> list[str]:
    """Return in a new process for each request, with its arguments. The server ends at the end of its standard input."""
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _attend(connection)
        connection.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended
                pass
    os._exit(0)


def _attend(connection: socket.socket) -> list[str]:
    """Return in a new process for the request. The process that attends to it answers with the exit code."""
    start, files, _, _ = socket.recv_fds(connection, 4, 3)
    args, env, folder, group = marshal.loads(connection.recv(int.from_bytes(start, "big"), socket.MSG_WAITALL))
    ended, running = os.pipe()
    if (pid := os.fork()) == 0:
        with contextlib.suppress(PermissionError):  # a group of another session is out of reach
            os.setpgid(0, group)
        for number, file in enumerate(files):
            os.dup2(file, number)
        for each in (*files, ended, connection.detach()):  # `running` is closed by the end of the process
            os.close(each)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - what these were may have been files, and are pipes now
        sys.stdout = _unbuffered(1, "strict")
        sys.stderr = _unbuffered(2, "backslashreplace")
        os.environ.clear()
        os.environ.update(env)
        os.chdir(folder)
        return list(args)
    for each in (*files, running):
        os.close(each)
    if ended not in select.select([ended, connection], [], [])[0]:
        os.kill(pid, signal.SIGKILL)  # as the command was that asked for it
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(bytes([code & 255]))
    os._exit(0)


def _run(argv: list[str]) -> None:
    """Run a module or a program, as Python does with these arguments. It ends with SystemExit."""
    if argv[:2] == ["-u", "-m"]:
        sys.path.insert(0, os.getcwd())
        sys.argv = argv[2:]
        runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
    else:
        # The engine interrupts a program only when it has failed itself. Python would then wait for calls that the engine
        # does not answer any more, until the engine kills it after 5 seconds.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.path.insert(0, str(Path(argv[0]).parent))
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")
    sys.exit(0)


def _unbuffered(number: int, errors: str) -> io.TextIOWrapper:
    """A stream as `python -u` has it."""
    return io.TextIOWrapper(open(number, "wb", 0, closefd=False), errors=errors, write_through=True)


if __name__ == "__main__":
    for module in _IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # so that a collection does not copy what was imported
    gc.disable()  # these processes end soon
    argv = _serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        _run(argv)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            threading._shutdown()  # waits for the other threads, as the interpreter does
            atexit._run_exitfuncs()
            os._exit(ended.code)  # without taking apart what was imported
        raise
