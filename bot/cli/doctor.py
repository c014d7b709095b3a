"""`aisle doctor`: what is missing, and how to mend it."""

import sys

import click

from bot.cli import checks
from bot.cli.common import ROOT, as_json, say, settings

SIGNS = {"ok": "✓", "warning": "!", "bad": "✗"}


@click.command("doctor")
@click.option("--tests", "for_tests", is_flag=True, help="Also look for what only the tests need.")
@as_json
def command(for_tests: bool, is_json: bool) -> None:
    """Look at this install; exit code 1 when something that is needed is missing."""
    findings = checks.run(settings(), ROOT, for_tests=for_tests)
    is_well = all(finding.state != "bad" for finding in findings)
    if is_json:
        say({"ok": is_well, "checks": [finding.__dict__ for finding in findings]})
    else:
        for finding in findings:
            click.echo(f" {SIGNS[finding.state]} {finding.name:<22} {finding.found}")
            if finding.mend:
                click.echo(f"   {'':<22} → {finding.mend}")
        click.echo(
            "\nEverything needed is there." if is_well else "\nSomething needed is missing: see ✗ above."
        )
    sys.exit(0 if is_well else 1)
