"""Whatever stands in the columns of the schedule: the message is right, or the row is listed; no traceback.

Most inputs go as far as the bytes that would leave; some hundred through the whole program.
"""

import email
import email.policy
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from fuzzing import (
    ADDRESSES,
    ANYTHING,
    NUMBERS,
    comes_to_an_end,
    inputs,
    is_typed_address,
    is_typed_number,
)
from practice import BERLIN, TUESDAY_TEN, TYPES, Practice, address, local, number, reminder
from terminbenachrichtigung import wiring
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.delivery.mail import compose
from terminbenachrichtigung.delivery.smscreator import send_form
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import MessageResult
from terminbenachrichtigung.run import once, report
from terminbenachrichtigung.run.context import RunContext, content_of

NOW = local(TUESDAY_TEN)
Row = dict[str, Any]

# ---------------------------------------------------------------- rows

STARTS = st.one_of(
    st.integers(0, 1500).map(lambda minutes: f"2026-11-25 {8 + minutes // 60 % 16:02}:{minutes % 60:02}"),
    st.sampled_from(["2026-11-25T09:00:00Z", "2026-11-25T09:00", "2026-11-25 24:00", "25.11.2026", "", None]),
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    **{name: ANYTHING for name, kind in TYPES.items() if kind == "TEXT"},
    **dict.fromkeys(("mobile", "phone"), NUMBERS),
    "email": ADDRESSES,
    "starts_at": STARTS,
    **dict.fromkeys(("ends_at", "created_at", "last_contacted_at"), st.one_of(STARTS, ANYTHING)),
    **dict.fromkeys(("type_notifiable", "is_group", "reminder_consent"), st.one_of(st.booleans(), ANYTHING)),
}
del KINDS["appointment_id"]  # by which a message is found again


def _good(place: int) -> Row:
    """A row with which all is well, of a customer of its own, whose name is nobody else's."""
    return {
        "appointment_id": f"a{place}",
        "starts_at": f"2026-11-25 09:{place:02}",
        "customer_id": str(place),
        "type_notifiable": True,
        "is_group": False,
        "first_name": f"first{place}x",
        "last_name": f"last{place}x",
        "salutation": "Frau",
        "mobile": number(place),
        "email": address(place),
        "branch_name": "Optik Nord",
        "branch_phone": "040 123456",
    }


@st.composite
def schedules(draw: st.DrawFn, size: int) -> list[Row]:
    """Rows in which some values are other ones; sometimes two of them are one customer's."""
    rows = []
    for place in range(draw(st.integers(1, size))):
        names = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=6, unique=True))
        rows.append(_good(place) | {name: draw(KINDS[name]) for name in names})
    return rows


# ---------------------------------------------------------------- what must hold


def is_theirs(recipient: str, row: Row) -> bool:
    if "@" in recipient:
        return is_typed_address(recipient, str(row["email"]))
    return is_typed_number(recipient, str(row["mobile"]), str(row["phone"]))


FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_safe(text: str) -> None:
    assert not FORBIDDEN.search(text), ascii(text)
    assert "777777" not in text  # what stands in a row is never computed
    assert "<class" not in text
    assert "terminbenachrichtigung" not in text


def assert_theirs_alone(text: str, message: MessageResult, rows: list[Row]) -> None:
    """No other customer's name is in it."""
    own = {row.appointment_id for row in message.message.appointments}
    for row in rows:
        if row["appointment_id"] not in own:
            for name in (row.get("first_name"), row.get("last_name")):
                assert not re.fullmatch(r"(first|last)\d+x", str(name)) or str(name) not in text


def assert_sms_leaves_as_it_should(content: Content, configured: Settings) -> None:
    assert configured.sms is not None
    assert content.parts is not None
    assert 1 <= content.parts <= configured.sms.max_parts
    form = send_form(content, "label", "Optik", "auto", NOW)
    assert form["Recipient"] == "00" + content.recipient[1:]
    assert re.fullmatch(r"00[1-9]\d{6,14}", form["Recipient"], re.ASCII)
    form["SMSText"].encode()


HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Auto-Submitted",
    "List-Unsubscribe",
    "Content-Language",
} | {*("MIME-Version", "Content-Type", "Content-Transfer-Encoding")}


def assert_mail_leaves_as_it_should(content: Content, configured: Settings, appointments: int) -> None:
    assert configured.email is not None
    try:
        mail = compose(configured.email, {}, content, "label", NOW)
    except (ValueError, MessageError):
        return  # rejected: no mail can carry it
    assert mail.recipient == content.recipient
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert set(parsed.keys()) <= HEADERS
    assert len(parsed.keys()) == len(set(parsed.keys()))
    assert [each.addr_spec for each in parsed["To"].addresses] == [content.recipient]
    assert parsed["Subject"] == content.subject
    body = parsed.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == content.text
    (calendar,) = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
    events = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
    assert len(events) == appointments


# ---------------------------------------------------------------- as far as the bytes that would leave


COLUMNS = [name for name in TYPES if name != "status"]


def fill(practice: Practice, rows: list[Row]) -> dict[str, Row]:
    """Makes these the schedule's rows; gives them as the database keeps them, by appointment."""
    names = ", ".join(COLUMNS)
    with closing(sqlite3.connect(practice.folder / "schedule.db")) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("DELETE FROM reminder_appointments")
        connection.executemany(
            f"INSERT INTO reminder_appointments ({names}) VALUES ({', '.join('?' * len(COLUMNS))})",
            [[row.get(name) for name in COLUMNS] for row in rows],
        )
        kept = connection.execute(f"SELECT {names} FROM reminder_appointments").fetchall()
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in kept}


class Desk:
    """A practice whose schedule is filled anew for every input."""

    def __init__(self, practice: Practice, configured: Settings, context: RunContext) -> None:
        self.practice = practice
        self.settings = configured
        self.context = context

    def __repr__(self) -> str:
        return "Desk"  # the settings would fill pages


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        practice = stack.enter_context(Practice(tmp_path_factory.mktemp("practice")))
        configured = wiring.load_config(practice.config, {}).settings
        yield Desk(practice, configured, stack.enter_context(wiring.run_context(configured, readonly=True)))


@inputs(3)
@given(rows=schedules(5))
def test_any_schedule_is_planned_and_written_down_safely(desk: Desk, rows: list[Row]) -> None:
    by_id = fill(desk.practice, rows)
    with comes_to_an_end():
        result = once.dry_run(desk.context, NOW)
    for message in result.messages:
        appointments = message.message.appointments
        row = by_id[appointments[0].appointment_id]
        ids = (by_id[each.appointment_id]["customer_id"].strip() for each in appointments)
        # An id is the same in either spelling of its letters.
        assert {unicodedata.normalize("NFC", each) for each in ids} == {message.message.customer_id}
        for route in message.message.routes:
            assert is_theirs(route.recipient, row), (route.recipient, row)
            content = content_of(desk.context, message.message, route, NOW)
            assert content.recipient == route.recipient
            text = f"{content.subject or ''}\n{content.text}"
            assert_safe(text)
            assert_theirs_alone(text, message, rows)
            if route.channel is Channel.SMS:
                assert_sms_leaves_as_it_should(content, desk.settings)
            else:
                assert_mail_leaves_as_it_should(content, desk.settings, len(appointments))
    # Everybody is in a message, left alone for a reason, or a bad row.
    seen = {each.appointment_id for message in result.messages for each in message.message.appointments}
    seen |= {skip.appointment.appointment_id for skip in result.skips}
    seen |= {bad.appointment_id or "" for bad in result.bad_rows}
    assert seen >= {
        row["appointment_id"] for row in rows if str(row["starts_at"]).startswith("2026-11-25 09")
    }
    json.dumps(report.as_json(result, full=True, zone=BERLIN))
    shown = report.as_text(result, zone=BERLIN, width=100, colour=False)
    assert not FORBIDDEN.search(shown), ascii(shown)


def test_good_rows_are_all_told(desk: Desk) -> None:
    """Else the test above could not fail."""
    rows = [_good(place) for place in range(5)]
    by_id = fill(desk.practice, rows)
    result = once.dry_run(desk.context, NOW)
    assert len(result.messages) == 5
    assert all(
        is_theirs(route.recipient, by_id[each.message.soonest.appointment_id])
        for each in result.messages
        for route in each.message.routes
    )
    assert not is_theirs(number(4), by_id["a3"])
    assert not is_theirs(address(4), by_id["a3"])


# ---------------------------------------------------------------- through the whole program


@pytest.mark.sized
@settings(
    max_examples=max(1, settings().max_examples // 25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=schedules(40))
def test_any_schedule_passes_through_the_whole_program(tmp_path: Path, rows: list[Row]) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    with Practice(tmp_path) as practice:
        practice.configure(reminders=[reminder(24), reminder(48, "früher", ("email",))])
        by_id = fill(practice, rows)
        ran = practice.run_once()
        assert ran.exit_code in (0, 1)
        planned = {
            message["recipient"]: by_id[message["appointment_ids"][0]] for message in ran.json["messages"]
        }
        for recipient in [*practice.texted, *practice.mailed]:
            assert is_theirs(recipient, planned[recipient])
        for job in practice.gateway.jobs:
            assert_safe(job.text)
        for mail in practice.mail.received:
            assert set(mail.message.keys()) <= HEADERS
        again = practice.run_once()
        assert (again.exit_code, again.outcomes) == (0, {})  # nobody twice, and nothing new
        for command in ("staff-list", "history", "dry-run", "run-once"):
            shown = practice.run(command).stdout
            assert not FORBIDDEN.search(shown), ascii(shown)
