"""`staff-list` and `staff-list done`."""

from pathlib import Path

import click

from terminbenachrichtigung.cli.context import (
    load_settings,
    open_context,
    print_json,
    print_tables,
    write_private,
)


@click.group("staff-list", invoke_without_command=True)
@click.option("--branch", metavar="CODE", help="Only customers whose soonest appointment is in this branch.")
@click.option(
    "--html",
    "html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the list as a page to print; readable by its owner alone.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def staff_list(context: click.Context, *, branch: str | None, html: Path | None, as_json: bool) -> None:
    """Whom a person must call or write, and why: each customer once, soonest first.

    `staff-list done` ticks a customer off.
    """
    if context.invoked_subcommand is not None:
        if branch or html or as_json:
            raise click.UsageError("--branch, --html and --json print the list; `done` ticks off")
        return
    settings = load_settings(context)
    from terminbenachrichtigung.output.wording import counted
    from terminbenachrichtigung.staff_list import page, text
    from terminbenachrichtigung.staff_list.cases import staff

    with open_context(context, settings, readonly=True) as opened:
        entries = staff(opened)
        moment = opened.clock.now()
    if branch is not None:
        entries = page.of_branch(entries, branch)
    if html is not None:
        written = page.as_html(entries, now=moment, zone=settings.zone, language=settings.default_language)
        write_private(html, written)
    if as_json:
        print_json(text.as_json(entries), settings.zone)
    elif html is not None:
        click.echo(f"{html}: {counted(len(entries), 'customer')}")
    else:
        print_tables(text.as_text(entries, settings.zone))


@staff_list.command()
@click.argument("appointment_ids", metavar="APPOINTMENT_ID...", nargs=-1, required=True)
@click.option("--customer", metavar="ID", help="Whose, where an appointment was given to another customer.")
@click.pass_context
def done(context: click.Context, *, appointment_ids: tuple[str, ...], customer: str | None) -> None:
    """Tick off the customers who are on the list with these appointments.

    A later move, or a new failure, puts them on it again.
    """
    settings = load_settings(context)
    from terminbenachrichtigung.safe_text import printable
    from terminbenachrichtigung.staff_list.cases import tick_off

    with open_context(context, settings) as opened:
        entries = tick_off(opened, appointment_ids, customer)
    for entry in entries:
        who = f"{entry.name} ({entry.customer_id})" if entry.name else entry.customer_id
        click.echo(printable(f"done: {who}, {', '.join(entry.appointment_ids)}"))
