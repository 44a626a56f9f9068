"""`arb doctor`: check everything that a stack needs, and say how to mend what is wrong."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from arb.cli.output import FAILED, tell
from arb.domain.errors import ConfigError
from arb.stack.home import Home

if TYPE_CHECKING:
    from arb.cli.doctor.finding import Finding

Mode = Annotated[str | None, typer.Option(help="mock, paper or live; else the mode in force here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]
SIGNS = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}


def doctor(mode: Mode = None, as_json: AsJson = False) -> None:
    """Check configuration, versions, disk, ports, servers, clocks, credentials. Exit 0 if nothing is bad.

    Example: arb doctor --mode paper
    """
    from arb.cli.doctor.finding import CheckState

    home = Home.default()
    os.environ["ARB_HOME"] = str(home.path)
    findings = []
    for finding in _findings(home, mode):
        findings.append(finding)
        if not as_json:
            mend = f"\n       mend: {finding.mend}" if finding.mend else ""
            typer.echo(f"{SIGNS[finding.state]}  {finding.check}: {finding.what}{mend}")
    if as_json:
        rows = [
            {"check": each.check, "state": each.state, "what": each.what, "mend": each.mend}
            for each in findings
        ]
        tell({"findings": rows}, as_json, "")
    if any(each.state is CheckState.BAD for each in findings):
        raise typer.Exit(FAILED)


def _findings(home: Home, mode: str | None) -> "Iterator[Finding]":
    from arb.cli.doctor import machine, outside
    from arb.cli.doctor.finding import bad, ok
    from config.settings import load

    yield from machine.versions()
    try:
        settings = load(mode)
    except ConfigError as error:
        yield bad("configuration", str(error), "correct that key; `arb config validate` tries again")
        return
    yield ok("configuration", f"the {settings.mode.value} settings are in order")
    yield outside.round_trip(settings)
    yield from machine.disk(home, settings)
    yield from machine.ports(home)
    yield from machine.programs(settings)
    yield from outside.stack(home)
    yield from outside.servers(settings)
    yield from outside.venues(settings)
    yield from outside.alerts(settings)
