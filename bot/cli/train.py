"""`aisle train`: train the model if what it is made of has changed."""

import time

import click

from bot.cli.common import ROOT, as_json, say


@click.command("train")
@click.option("--force", "is_forced", is_flag=True, help="Train even if nothing has changed.")
@as_json
def command(is_forced: bool, is_json: bool) -> None:
    """Train the model if data/, domain.yml, config.yml or bot/nlu have changed."""
    from bot.brain import train

    started = time.monotonic()
    is_new = is_forced or not train.model_path(ROOT).exists()
    if is_new and not is_json:
        click.echo("Training the model (a minute or so) …")
    path = train.train(
        ROOT, is_forced=is_forced, on_progress=lambda line: click.echo(f"  {line}", err=is_json)
    )
    if is_json:
        say({"model": str(path), "trained": is_new, "seconds": round(time.monotonic() - started, 1)})
    else:
        click.echo(f"{path}{'' if is_new else ' is up to date'}")
