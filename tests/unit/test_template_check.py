"""Templates are read before anybody is written to (contract, section 6)."""

import pytest
from message_scene import SHIPPED, settings

from terminbenachrichtigung.texts.check import check_templates


def problems(sms: str) -> list[tuple[str, str]]:
    return check_templates(settings({**SHIPPED, "t": {"fr": {"sms": sms}}}))


def test_what_was_told_is_in_reach_of_corrections_alone() -> None:
    told = {"de": {"sms": "{{ told.date }} {{ told.tim }}"}}
    assert problems("{{ told.date }}") == [("templates.t.fr.sms", "line 1: told is unknown")]
    assert check_templates(settings({**SHIPPED, "terminabsage": told}))[0] == (
        "templates.terminabsage.de.sms",
        "line 1: told.tim is unknown; did you mean time?",
    )


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        # names that do not exist, with the one that was probably meant
        ("{{ costumer.last_name }}", "line 1: costumer is unknown; did you mean customer?"),
        ("Bonjour\n{{ nobody }}", "line 2: nobody is unknown"),
        ("{{ customer.frist_name }}", "line 1: customer.frist_name is unknown; did you mean first_name?"),
        ("{{ appointment.branch.fon }}", "line 1: appointment.branch.fon is unknown"),
        ("{{ customer['frist_name'] }}", "line 1: customer.frist_name is unknown; did you mean first_name?"),
        (
            "{{ customer.last_name.uper() }}",
            "line 1: customer.last_name.uper is unknown; did you mean upper?",
        ),
        ("{{ customer.mobile }}", "line 1: customer.mobile is unknown"),  # in the schedule, not in reach
        ("{{ range(3) }}", "line 1: range is unknown"),
        # wherever they stand: in a branch that no sample reaches, in loops, behind filters, under other names
        ("{% if customer.last_name == 'X' %}{{ customer.x }}{% endif %}y", "line 1: customer.x is unknown"),
        ("{% if false %}{{ nobody }}{% endif %}y", "line 1: nobody is unknown"),
        (
            "{% for a in appointments %}{{ a.tim }}{% endfor %}",
            "line 1: a.tim is unknown; did you mean time?",
        ),
        ("{% if 0 %}{{ appointments[1].x }}{% endif %}y", "line 1: (...).x is unknown"),
        ("{% if 0 %}{{ (appointments | last).x }}{% endif %}y", "line 1: (...).x is unknown"),
        (
            "{% if 0 %}{% for a in appointments[1:] %}{{ a.x }}{% endfor %}{% endif %}y",
            "line 1: a.x is unknown",
        ),
        ("{% set b = appointment.branch %}{% if 0 %}{{ b.x }}{% endif %}y", "line 1: b.x is unknown"),
        (
            "{% for b in appointments | map(attribute='branch') | unique %}{{ b.x }}{% endfor %}y",
            "line 1: b.x is unknown",
        ),
        ("{% if 0 %}{{ 'x' | nothing }}{% endif %}y", "line 1: there is no filter 'nothing'"),
        ("{% if 0 %}{{ 'x' is nothing }}{% endif %}y", "line 1: there is no test 'nothing'"),
        # what is no text would be shown as Python shows it
        ("{{ customer }}", "line 1: customer is no text: name one of its values"),
        ("{{ appointment.branch }}", "line 1: appointment.branch is no text: name one of its values"),
        ("{{ appointments }}", "line 1: appointments is no text: name one of its values"),
        # syntax
        ("{{ customer.last_name }", "line 1: unexpected '}'"),
        ("a\n{% if x %}", "line 2: Unexpected end of template."),
        ("{% for %}", "line 1: "),
        # what only shows when it is filled in
        ("{{ 1 / 0 }}", "cannot be rendered: division by zero"),
        ("{% include 'x' %}", "cannot be rendered: no loader"),
        ("{{ ''.__class__ }}", "cannot be rendered: access to attribute '__class__'"),
        ("{{ 'x' * 10 ** 2 }}", "cannot be rendered: ** is not available"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "cannot be rendered: maximum recursion"),
        # what would fill the memory, or take minutes
        ("{{ '%1000000000d' % 1 }}", "cannot be rendered: line 1: a number above 99999"),
        ("{{ '%(a)1000000000s' % {'a': 1} }}", "cannot be rendered: line 1: a number above 99999"),
        ("{{ '%*d' % (1000000000, 1) }}", "cannot be rendered: line 1: a number above 99999"),
        ("{{ '%.1000000000f' | format(1) }}", "cannot be rendered: line 1: a number above 99999"),
        ("{{ '{:>1000000000}'.format(1) }}", "cannot be rendered: line 1: a number above 99999"),
        ("a\n{{ 'x' | center(1000000000) }}", "cannot be rendered: line 2: a number above 99999"),
        ("{{ [1] | slice(1000000000) | list | length }}", "cannot be rendered: line 1: a number above 99999"),
        (
            "{% set a = 'x' | center(90000) %}{{ a | replace(' ', 'a' | center(99)) }}",
            "cannot be rendered: the text never ends",
        ),
        (
            "{% if appointments[1:] %}{{ 1 / 0 }}{% endif %}y",
            "cannot be rendered for several appointments: div",
        ),
        (
            "{% if appointments[1:] %}{{ appointments[2].time }}{% endif %}y",
            "cannot be rendered for two appointments: ",
        ),
        ("{{ customer.last_name[0] }}", "cannot be rendered where the schedule leaves a value empty: "),
        ("{{ '' }}", "is empty"),
        ("{% if false %}x{% endif %}", "is empty"),
        ("{% if not appointments[1:] %}x{% endif %}", "is empty for several appointments"),
    ],
)
def test_a_mistake_in_a_template_is_found_with_its_key_and_line(template: str, problem: str) -> None:
    ((path, found),) = problems(template)
    assert path == "templates.t.fr.sms"
    assert found.startswith(problem)


def test_an_sms_that_nobody_could_get_is_found() -> None:
    def found(sms: str) -> list[tuple[str, str]]:
        made = settings({**SHIPPED, "t": {"fr": {"sms": sms}}}, sms={"sender": "Optik", "max_parts": 2})
        return check_templates(made)

    assert found("x" * 306 + "{{ customer.last_name }}") == []
    ((path, problem),) = found("x" * 307)
    assert path == "templates.t.fr.sms"
    assert problem.startswith("takes 3 parts even without a name, and sms.max_parts = 2")


@pytest.mark.parametrize(
    "template",
    [
        "Termin",
        "{{ customer.last_name | upper }}{{ customer.last_name.upper() }}",
        "{% for appointment in appointments %}{{ appointment.time }}{{ loop.index }}{% endfor %}",
        "{% for i, a in [(1, appointment)] %}{{ a.whatever | default('x') }}{% endfor %}",
        "{% macro when(a) %}{{ a.time }}{% endmacro %}{{ when(appointment) }}",
        "{% macro show(customer) %}{{ customer.time }}{% endmacro %}{{ show(appointment) }}",
        "{% set ns = namespace(last='x') %}{% set ns.last = 'y' %}{{ ns.last }}",
        "{% set comma = joiner(', ') %}{% for a in appointments %}{{ comma() }}{{ a.time }}{% endfor %}",
        "{{ appointments.0.time }}{{ appointments | map(attribute='time') | join(', ') }}",
        "{{ (appointments | sort(attribute='date') | first).branch.name }}",
        "{{ appointments | length }}",
        "{{ customer.last_name or 'x' }}",
    ],
)
def test_a_template_that_works_is_not_complained_about(template: str) -> None:
    assert problems(template) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("room", None),
        ("Zimmer", None),
        ("rom", "line 1: appointment.extra.rom is unknown; did you mean room?"),
        ("x", "line 1: appointment.extra.x is unknown"),
        ("_values", "line 1: appointment.extra._values is unknown"),
    ],
)
def test_a_further_column_is_known_if_the_schedule_names_it(name: str, problem: str | None) -> None:
    text = f"{{% if 0 %}}{{{{ appointment.extra.{name} }}}}{{% endif %}}y"
    made = settings({**SHIPPED, "t": {"fr": {"sms": text}}}, schedule={"extra_columns": ("room", "Zimmer")})
    assert check_templates(made) == ([("templates.t.fr.sms", problem)] if problem else [])


def test_every_mistake_is_reported_not_only_the_first() -> None:
    found = check_templates(
        settings(
            {
                **SHIPPED,
                "t": {
                    "de": {"sms": "{{ a }}{{ b }}", "email_subject": "{{ c }}"},
                    "fr": {"email_body": "{% if"},
                },
            }
        )
    )
    assert [path for path, _ in found] == [
        "templates.t.de.sms",
        "templates.t.de.sms",
        "templates.t.de.email_subject",
        "templates.t.fr.email_body",
    ]


def test_a_language_without_known_dates_is_reported_once() -> None:
    texts = {"sms": "x", "email_subject": "x", "email_body": "x"}
    assert check_templates(settings({**SHIPPED, "t": {"xx": texts}})) == [
        ("templates.t.xx", "'xx' is no language that Babel knows, so no date can be written")
    ]
