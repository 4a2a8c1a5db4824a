"""`demo`."""

from pathlib import Path

import click


@click.command()
@click.argument("directory", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("demo"))
@click.option(
    "--gateway",
    "provider",
    default="lox24",
    show_default=True,
    metavar="NAME",
    help="Which SMS gateway answers, as in [sms] provider; smscreator shows no replies.",
)
def demo(directory: Path, provider: str) -> None:
    """A complete run on sample data, against a gateway and a mail server on this machine.

    Leaves DIR (default: ./demo) with configuration, schedule and journal to explore.
    """
    from terminbenachrichtigung.demo.tour import show

    show(directory, provider)
