"""The commands. Streams, options and exit codes live here; decisions do not.

Only click is imported at the top of these files: `--help` must answer at once, and the rest costs
half a second. Each command imports what it needs.
"""

from dataclasses import replace
from pathlib import Path

import click

from terminbenachrichtigung.cli import (
    config,
    demo,
    explain,
    figures,
    history,
    inspect,
    journal,
    logs,
    manual,
    opt_out,
    run,
    schedule,
    search,
    staff,
)
from terminbenachrichtigung.cli.context import Commands, Invocation


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The configuration. Without it: $TERMINBENACHRICHTIGUNG_CONFIG, ./config.toml, "
    "/etc/terminbenachrichtigung/config.toml.",
)
@click.option(
    "--log-format",
    type=click.Choice(logs.FORMATS),
    default="text",
    envvar="TERMINBENACHRICHTIGUNG_LOG_FORMAT",
    help="How stderr looks: json is one object in each line.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what happens to each message.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=manual.print_version,
    help="Show the versions that a bug report should name, and exit.",
)
@click.pass_context
def main(
    context: click.Context,
    config_path: Path | None,
    log_format: str,  # noqa: ARG001 - Commands.invoke takes these two, before a wrong command is refused
    *,
    verbose: bool,  # noqa: ARG001
) -> None:
    """Reminds customers of their appointments, by SMS and e-mail.

    New here? `demo` shows a complete run on sample data. Then: `config init`, `journal init`, `dry-run`,
    and the line of crontab.example.
    """
    context.obj = replace(context.obj or Invocation(), config=config_path)


main.add_command(run.run_once)
main.add_command(run.dry_run)
main.add_command(staff.staff_list)
main.add_command(explain.explain)
main.add_command(search.search)
main.add_command(search.notify)
main.add_command(history.history)
main.add_command(figures.figures)
main.add_command(opt_out.opt_out)
main.add_command(run.test_message)
main.add_command(config.config)
main.add_command(journal.journal)
main.add_command(schedule.schedule)
schedule.schedule.add_command(inspect.inspect)
main.add_command(demo.demo)
main.add_command(manual.completion)
main.add_command(manual.man_pages)
