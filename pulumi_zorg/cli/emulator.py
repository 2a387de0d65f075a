"""``zorg emulator``: a ZITADEL in memory, over HTTP on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port on 127.0.0.1; 0 is any free port.",
)
@click.option(
    "--token", default="zorg-emulator", show_default=True, help="The personal access token of its instance owner."
)
@click.option(
    "--like",
    type=click.Choice(["2026-07", "2025-12", "seeds"]),
    default="2026-07",
    show_default=True,
    help="The server whose behaviour it has.",
)
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), help="Keep its data in this file.")
@click.option(
    "--seed", is_flag=True, help="Begin with a vendor, its projects and its people, as the examples need them."
)
@click.option(
    "--without-v1", is_flag=True, help="Answer 501 to all calls of the v1 API, as a server that does not have it."
)
def emulator(
    port: int,
    token: str,
    like: Literal["2026-07", "2025-12", "seeds"],
    data: Path | None,
    seed: bool,
    without_v1: bool,
) -> None:
    """Runs a ZITADEL in memory until it is interrupted.

    It is ready when GET /debug/ready answers. It is for tests and for trying things out, and listens on 127.0.0.1 only:
    everybody who reaches the port and knows the token can change everything in it.
    """
    try:
        from pulumi_zorg.emulator import run
        from pulumi_zorg.emulator.seed import DESCRIPTION
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the emulator needs {error.name}, which comes with an extra: pip install 'pulumi-zorg[emulator]'"
        ) from None

    def announce(url: str) -> None:
        click.echo(
            f"A ZITADEL like the one of {like} runs at {url}. It is ready when {url}/debug/ready answers. Ctrl-C ends it.",
            err=True,
        )
        if seed:
            click.echo(DESCRIPTION, err=True)

    try:
        run(port, token, like, data, announce, seed, without_v1=501 if without_v1 else 0)
    except OSError as error:
        raise click.ClickException(f"port {port} on 127.0.0.1 cannot be used: {error.strerror}") from None
