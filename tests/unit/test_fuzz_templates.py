"""Whatever stands in a template is a problem with its key, or a text; no traceback, nothing without end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from message_scene import ANNA, SHIPPED, settings, texts

from fuzzing import comes_to_an_end, inputs
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.texts.check import check_templates
from terminbenachrichtigung.texts.messages import Email, Sms

PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{{ ",
            " }}",
            "{%",
            "%}",
            "{% ",
            " %}",
            "{#",
            "#}",
            "{%-",
            "-%}",
            "\n",
            " ",
            "x",
            "ä€🙂",
        ),
        *(
            "customer",
            "appointment",
            "appointments",
            "branch",
            "last_name",
            "first_name",
            "time",
            "date",
            "a",
        ),
        *(
            ".",
            ",",
            "|",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            "=",
            "==",
            "~",
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
        ),
        *(
            "for ",
            " in ",
            "endfor",
            "if ",
            "else",
            "elif ",
            "endif",
            "set ",
            "endset",
            "macro m(a)",
            "endmacro",
        ),
        *("m(", "call ", "endcall", "filter ", "endfilter", "raw", "endraw", "block b", "endblock", "with "),
        *(
            "include ",
            "import ",
            "extends ",
            "from ",
            "do ",
            "break",
            "autoescape true",
            "trans",
            "recursive",
        ),
        *("upper", "join(',')", "map(attribute=", "sort", "first", "last", "length", "default('x')", "list"),
        *(
            "batch(2)",
            "slice(2)",
            "format",
            "attr(",
            "tojson",
            "pprint",
            "wordwrap(3)",
            "center(9)",
            "xmlattr",
        ),
        *("not ", " and ", " or ", " is ", "defined", "none", "True", "'", '"', "'x'", "0", "1", "99", "1.5"),
        *("loop.index", "loop(", "self", "varargs", "caller()", "namespace(", "joiner(", "cycler(", "range("),
        *("__class__", "__globals__", "__init__", "mro()", "_", "os", "lipsum", "cycle", "namespace(x=1)"),
    ]
)
SIGNS = st.text(st.characters(exclude_categories=["C"]), max_size=3)  # each of them can be seen
SCRAPS = st.lists(st.one_of(PIECES, PIECES, SIGNS), max_size=25).map("".join)
EXPRESSIONS = st.lists(PIECES, max_size=8).map(lambda pieces: "{{ " + " ".join(pieces) + " }}x")
SHIPPED_TEXTS = [
    text for template in SHIPPED.values() for language in template.values() for text in language.values()
]
GOOD = st.sampled_from(
    [
        *SHIPPED_TEXTS,
        "{% for a in appointments %}{{ a.time }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% set ns = namespace(x=0) %}{% for a in appointments %}{% set ns.x = 1 %}{% endfor %}{{ ns.x }}",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A template that works, with pieces of others in it, or without some of its own."""
    text: str = draw(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(SCRAPS) + text[start + draw(st.integers(0, 10)) :]
    return text


TEMPLATES = st.one_of(SCRAPS, EXPRESSIONS, mutated()).filter(str.strip)
WHOLE_DAY = [replace(ANNA, starts_at=ANNA.starts_at + timedelta(hours=hour)) for hour in range(9)]
NAMELESS = [replace(ANNA, salutation="", first_name="", last_name="", branch_name="", branch_phone="")]


def sms_or_problem(source: str, appointments: Sequence[Appointment]) -> Sms | str:
    try:
        return texts(sms=source).sms("t", appointments)
    except MessageError as error:
        return str(error)


def email_or_problem(subject: str, body: str, appointments: Sequence[Appointment]) -> Email | str:
    try:
        return texts(subject=subject, body=body).email("t", appointments)
    except MessageError as error:
        return str(error)


@inputs(6)
@given(source=TEMPLATES)
def test_any_template_is_a_problem_or_a_text(source: str) -> None:
    with comes_to_an_end():
        found = check_templates(settings({"t": {"de": {"sms": source}}}))
        problems = [problem for path, problem in found if path == "templates.t.de.sms"]
        assert all(problem.isprintable() for problem in problems)
        for appointments in ([ANNA], WHOLE_DAY, NAMELESS):
            made = sms_or_problem(source, appointments)
            if isinstance(made, str):
                assert made.startswith("templates.t.de.sms: ")
            else:
                assert made.parts > 0
        assert problems or isinstance(sms_or_problem(source, [ANNA]), Sms)  # what the check lets pass works


@inputs(3)
@given(subject=TEMPLATES, body=TEMPLATES)
def test_any_template_of_a_mail_is_a_problem_or_a_mail_with_one_line_of_subject(
    subject: str, body: str
) -> None:
    with comes_to_an_end():
        made = email_or_problem(subject, body, WHOLE_DAY)
        if isinstance(made, str):
            assert made.startswith("templates.t.de.email_")
        else:
            assert len(made.subject.splitlines()) == 1
            assert made.body.strip()
