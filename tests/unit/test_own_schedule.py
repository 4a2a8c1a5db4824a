"""What the files' readers and the import decide, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.config.settings import Rules
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule import (
    columns,
    conflicts,
    csv_cells,
    doubts,
    entries,
    fetching,
    ids,
    importing,
    moments,
    people,
)
from terminbenachrichtigung.own_schedule.changes import find
from terminbenachrichtigung.own_schedule.entries import Entry, How, Parsed, Refused, Value
from terminbenachrichtigung.own_schedule.people import MADE, Row
from terminbenachrichtigung.own_schedule.result import Changes
from terminbenachrichtigung.own_schedule.source import KEYS, Held, Origin, Source
from terminbenachrichtigung.times.windows import Quiet

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RULES = Rules()
HOW = How(NOW, BERLIN, frozenset({"storniert", "geplatzt"}), quiet=Quiet(RULES, BERLIN), file="second")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


# ---------------------------------------------------------------- headings, names, statuses, dates


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Termin-ID", "appointment_id"),
        ("TERMIN_NR.", "appointment_id"),
        ("starts_at", "starts_at"),
        ("Beginn", "starts_at"),
        ("Start Time", "starts_at"),
        ("Filialkuerzel", "branch_code"),
        ("Filialkürzel", "branch_code"),
        ("E-Mail", "email"),
        ("Handy-Nr", "mobile"),
        ("Natel privat", "mobile"),
        ("Telefon (mobil)", "mobile"),
        ("Kunden-Telefon", "phone"),
        ("Patient Vorname", "first_name"),
        ("Letzter Kontakt des Kunden", "last_contacted_at"),
        ("Kunde: Letzter Kontakt", "last_contacted_at"),
        ("Kunden-Einwilligung", "reminder_consent"),
        ("Patient Sprache", "language"),
        ("Kunden-Nr", "customer_id"),
        ("KundeID", "customer_id"),
        ("TerminZeit", "starts_at"),
        ("Termin am", "date"),
        ("Kunde Name", "name"),
        ("Kunde Beginn", None),  # nothing about a customer
        ("Datum", "date"),
        ("Ende", "ends_at"),
        ("Endet am", "end_date"),
        ("Zeitzone", "time_zone"),
        ("Ganztägig", "all_day"),
        ("Terminstatus", "status"),
        ("Storniert am", "cancelled"),
        ("Terminart", "type_name"),
        ("Gruppe", "is_group"),
        ("Erstellt am", "created_at"),
        ("Filialname", "branch_name"),
        ("Telefon Filiale", "branch_phone"),
        ("Adresse Filiale", "branch_address"),
        ("E-Mail Filiale", "branch_email"),
        ("Kunde", "name"),
        ("Anrede", "salutation"),
        ("Nachname", "last_name"),
        ("Name, Vorname", "name"),
        ("Vor- und Nachname", "name"),
        ("Kd.-Nr.", "customer_id"),
        ("Termin von", "starts_at"),
        ("Kontaktkanal", "preferred_channel"),
        ("Zustimmung", "reminder_consent"),
        ("Sprache", "language"),
        ("Letzter Kontakt", "last_contacted_at"),
        ("Betreff", "subject"),
        ("Beschreibung", "description"),
        ("Telefon privat", "phone"),
        ("Handy-Nr. tagsüber", "mobile"),
        ("Nummer privat", None),
        ("Nr", None),  # of what?
        ("Telefon Arzt", None),
        ("Bemerkung", None),
    ],
)
def test_headings_are_recognised(heading: str, column: str | None) -> None:
    assert columns.column_of(heading) == column


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"name": "Frau Ida Meier"}, ("Frau", "Ida", "Meier")),
        *(
            ({"name": f"{word} Meier"}, (word, "", "Meier"))
            for word in ("Frau", "Herr", "Mr", "Mrs.", "Ms", "Mme")
        ),
        ({"name": "Frau, Meier"}, ("Frau", "", "Meier")),
        ({"name": "Frau"}, ("", "", "Frau")),  # a name too
        ({"name": "Meier, Ida"}, ("", "Ida", "Meier")),
        ({"name": "Meier; Ida"}, ("", "Ida", "Meier")),
        ({"name": "Meier"}, ("", "", "Meier")),
        ({"name": "Frau Ida Meier (Allergie)"}, ("Frau", "Ida", "Meier")),
        ({"name": "Frau Meier und Herr Kurz"}, ("", "", "Frau Meier und Herr Kurz")),
        ({"name": "Herr und Frau Meier"}, ("", "", "Herr und Frau Meier")),
        ({"name": "Frau Ida Meier u. Sohn"}, ("", "", "Frau Ida Meier u. Sohn")),
        ({"name": "Mme Undine Kurz"}, ("Mme", "Undine", "Kurz")),
        ({"name": "(4711)"}, ("", "", "(4711)")),
        ({"name": "von der Tann", "first_name": "Ida"}, ("", "Ida", "von der Tann")),
        ({"name": "falsch", "first_name": "Ida", "last_name": "Meier"}, ("", "Ida", "Meier")),
        ({"first_name": "NULL", "last_name": "Null"}, ("", "", "Null")),  # Null is a name, NULL is none
    ],
)
def test_a_whole_name_becomes_its_parts(raw: dict[str, str], expected: tuple[str, str, str]) -> None:
    person = entries.person(raw)
    assert person is not None
    assert (
        tuple(person.said.get(name) or "" for name in ("salutation", "first_name", "last_name")) == expected
    )


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["25.11.2026", "2026/11/12"], None),  # no order is asked for
        (["11/12/2026", "11/25/2026"], "mdy"),
        (["11/12/2026", "25/11/2026 09:00"], "dmy"),
        (["11/11/2026"], None),
        (["31/31/2026", "11/25/2026"], "mdy"),  # the first is none in either order
    ],
)
def test_the_order_of_day_and_month_is_found_in_a_file(texts: list[str], order: str | None) -> None:
    assert moments.settled_order(texts) == order


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["11/12/2026", "11-12-26"], "'11-12-26' may begin with the day or with the month"),
        (["12/11/2026"], "'12/11/2026' may begin with the day or with the month"),
        (["11/12/2026", "13/14/2026"], "'11/12/2026' may begin"),  # the other is none in either order
        (["11/25/2026", "25/11/2026"], "some dates are day first, others month first"),
    ],
)
def test_dates_of_no_clear_order_are_refused(texts: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        moments.settled_order(texts)
    if "may" in said:  # an earlier file of the source has settled it
        assert moments.settled_order(texts, moments.DateOrder.DAY_FIRST) == "dmy"


# ---------------------------------------------------------------- what an import would change


def appointment(start: str = "2026-11-26 09:00", **more: object) -> Row:
    return {
        "customer_id": "17",
        "type_code": "T",
        "branch_code": None,
        "status": "",
        "is_group": False,
        "starts_at": utc(start),
        "ends_at": None,
        "created_at": None,
        "import_state": "",
    } | more


IMPORTED = NOW - timedelta(hours=1)
SOURCE = Source("s", imported_at=IMPORTED, whole_at=IMPORTED, file="first")


def held(source: Source = SOURCE, missing: str = "", **appointments: Row) -> Held:
    rows: dict[str, dict[str, Row]] = {name: {} for name in KEYS}
    rows["appointment_types"] = {"T": {"type_code": "T", "name": "Termin", "notifiable": False}}
    rows["customers"] = {"17": {"customer_id": "17", "first_name": "Ida", "last_name": "Meier", **NUMBER}}
    rows["appointments"] = dict(appointments)
    return Held(rows, {key: Origin("s", missing_from=missing) for key in appointments}, source)


NUMBER = {"mobile": "0171 5555001", "phone": "", "email": ""}


def entry(key: str, start: str = "2026-11-26 09:00", customer: str | None = "17", **said: Any) -> Entry:
    named = (
        {"first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555001"}
        if customer == "17"
        else {
            "last_name": "Kurz",
            "mobile": "0171 5555002",
        }
    )
    person = entries.person({"customer_id": customer, **named}) if customer else None
    return Entry(1, key, utc(start), person, said)


def changes(found: list[Entry], before: Held, how: How = HOW, **file: Any) -> Changes:
    days = entries.span_of_days([each.starts_at for each in found], BERLIN)
    return find(Parsed(tuple(found), **{"days": days, **file}), before, how)


def kinds(found: Changes) -> dict[str, str]:
    named = {"new": found.new, "changed": found.changed, "cancelled": found.cancelled, "held": found.held}
    return {change.appointment_id: kind for kind, listed in named.items() for change in listed}


@pytest.mark.parametrize(
    ("before", "said", "kind", "disturbed"),
    [
        (appointment(), entry("a"), {}, 0),
        (appointment(), entry("a", "2026-11-26 10:00"), {"a": "changed"}, 1),  # moved
        (appointment(), entry("a", customer="18"), {"a": "changed"}, 1),  # given away
        (appointment(), entry("a", customer=None), {"a": "changed"}, 1),
        (appointment(), entry("a", is_group=True), {"a": "changed"}, 0),
        (appointment(), entry("a", status="Storniert"), {"a": "cancelled"}, 1),
        (appointment(), entry("a", status="geplatzt "), {"a": "cancelled"}, 1),
        (appointment(status="Storniert", import_state="gone"), entry("a"), {"a": "changed"}, 0),  # it is back
        (appointment(status="Storniert"), entry("a"), {}, 0),  # cancelled by a file that had a status
        (appointment(status="Storniert"), entry("a", status="Geplatzt"), {"a": "changed"}, 0),  # off already
        (appointment(import_state="held"), entry("a"), {"a": "changed"}, 0),  # the same
        (appointment(status="Bestätigt"), entry("a"), {}, 0),  # a file without status leaves it
        (appointment("2026-11-23 09:00"), entry("a", "2026-11-23 10:00"), {"a": "changed"}, 0),  # past
    ],
)
def test_an_appointment_of_the_file_is(
    before: Row, said: Entry, kind: dict[str, str], disturbed: int
) -> None:
    found = changes([said], held(a=before))
    assert kinds(found) == kind
    assert (found.unchanged, found.disturbed) == (0 if kind else 1, disturbed)


@pytest.mark.parametrize(
    ("gone", "file", "how", "state"),
    [
        (appointment("2026-11-28 18:00"), {}, {}, "held"),
        (appointment("2026-11-30 23:59"), {}, {}, "held"),  # the last day of the file, after its last start
        (appointment("2026-12-01 00:00"), {}, {}, ""),  # after the days of the file
        (appointment("2026-11-24 09:59"), {}, {}, ""),  # before now
        (appointment("2026-11-24 10:01"), {}, {}, "held"),
        (appointment("2026-11-28 18:00", status="Storniert"), {}, {}, ""),  # already
        (appointment("2026-11-28 18:00"), {}, {"partial": True}, ""),
        (appointment("2026-11-28 18:00"), {"complete": False}, {}, ""),
        (appointment("2026-11-28 18:00"), {"cut": "it is"}, {}, ""),
        (appointment("2026-11-28 18:00"), {"refused": (Refused(2, "x", "gone"),)}, {}, "held"),
        (
            appointment("2026-11-28 18:00"),
            {"refused": (Refused(2, "x", "gone", utc("2026-11-28 18:00")),)},
            {},
            "",
        ),
        (appointment("2026-11-28 18:00", branch_code="HH2"), {}, {"branch_code": "HH1"}, ""),
        (appointment("2026-11-28 18:00", branch_code="HH1"), {}, {"branch_code": "HH1"}, "held"),
    ],
)
def test_what_is_gone_from_a_file_is_held(
    gone: Row, file: dict[str, Any], how: dict[str, Any], state: str
) -> None:
    said = [entry("a", "2026-11-24 08:00"), entry("b", "2026-11-30 09:00")]
    found = changes(said, held(gone=gone), replace(HOW, **how), **file)
    assert found.updates["appointments"].get("gone", {}).get("import_state", "") == state


@pytest.mark.parametrize(
    ("missing", "file", "how", "cancelled"),
    [
        ("first", {}, {}, True),
        ("second", {}, {}, False),  # the same file once more
        ("first", {"refused": (Refused(2, "x"),)}, {}, False),  # the line may be its own
        ("second", {}, {"force": True}, True),
        ("", {}, {}, False),  # held for another reason, and gone for the first time
    ],
)
def test_what_is_gone_from_two_files_is_off(
    missing: str, file: dict[str, Any], how: dict[str, Any], cancelled: bool
) -> None:
    gone = appointment("2026-11-28 18:00", import_state="held")
    said = [entry("a", "2026-11-24 08:00"), entry("b", "2026-11-30 09:00")]
    found = changes(said, held(missing=missing, gone=gone), replace(HOW, **how), **file)
    expected = {"gone": {"status": "Storniert", "import_state": "gone"}} if cancelled else {}
    assert found.updates["appointments"] == expected
    if not cancelled:
        assert found.origins["gone"].missing_from == (missing or "second")  # the first that missed it


@pytest.mark.parametrize(
    ("before", "start", "booked", "late"),
    [
        (Source("s"), "2026-11-26 09:00", None, False),  # the first file
        (SOURCE, "2026-11-26 09:00", NOW, False),
        # nobody imported since yesterday noon, and its last chance was yesterday evening
        (
            replace(SOURCE, whole_at=NOW - timedelta(hours=22)),
            "2026-11-24 16:00",
            NOW - timedelta(hours=22),
            True,
        ),
        # imported an hour ago: it was booked since, on the day itself
        (SOURCE, "2026-11-24 16:00", NOW, False),
        # beyond what the last file covered: who knows when it was booked
        (
            replace(SOURCE, first_day=date(2026, 11, 24), last_day=date(2026, 11, 25)),
            "2026-11-26 09:00",
            None,
            False,
        ),
    ],
)
def test_when_a_new_appointment_counts_as_booked(
    before: Source, start: str, booked: datetime | None, late: bool
) -> None:
    found = changes([entry("new", start)], held(before))
    assert found.inserts["appointments"]["new"]["created_at"] == booked
    assert bool(found.late) is late


@pytest.mark.parametrize(("branch", "booked"), [("HH1", NOW), ("HH2", None), ("", None)])
def test_of_a_branch_that_no_earlier_file_had_nobody_knows_when_it_was_booked(
    branch: str, booked: datetime | None
) -> None:
    before = replace(SOURCE, together=(frozenset({"HH1"}),))
    found = changes([entry("new", branch_code=branch)], held(before))
    assert found.inserts["appointments"]["new"]["created_at"] == booked


def test_when_it_was_booked_by_the_file_s_own_word() -> None:
    found = changes([entry("new", created_at=utc("2026-11-01 09:00"))], held())
    assert found.inserts["appointments"]["new"]["created_at"] == utc("2026-11-01 09:00")


@pytest.mark.parametrize(
    ("before", "warned"),
    [
        ("Hamburg", True),  # two programs may number theirs from 1
        ("1", False),  # only its code was known
        ("", False),
        (None, False),
    ],
)
def test_a_branch_that_gets_another_name_is_warned_about(before: str | None, warned: bool) -> None:
    there = held()
    row = {"branch_code": "1", "name": before, "phone": "", "address": "", "email": ""}
    there = replace(there, rows={**there.rows, "branches": {"1": row}})
    found = changes([entry("a", branch_code="1", branch_name="Bremen")], there)
    assert any('the branch "1" was' in each for each in found.warnings) is warned


@pytest.mark.parametrize("notifiable", [True, False])
def test_a_known_type_that_sounds_like_a_cancellation_is_warned_about_where_it_is_reminded(
    notifiable: bool,
) -> None:
    there = held()
    row = {"type_code": "A", "name": "Abgesagt", "notifiable": notifiable}
    there = replace(there, rows={**there.rows, "appointment_types": {"A": row}})
    found = changes([entry("a", type_name="Abgesagt")], there)
    assert any("Abgesagt" in each for each in found.warnings) is notifiable


@pytest.mark.parametrize(("file", "before"), [(True, False), (False, True), (False, False)])
def test_a_source_keeps_that_what_stands_beside_names_called_off(file: bool, before: bool) -> None:
    found = changes([entry("a")], held(replace(SOURCE, off_by_name=before)), off_by_name=file)
    assert found.source is not None
    assert found.source.off_by_name is (file or before)


def test_types_are_found_by_code_or_name_and_keep_their_permission() -> None:
    found = changes([entry("a", type_name="termin"), entry("b", type_name="Sehtest")], held())
    assert list(found.inserts["appointment_types"]) == ["Sehtest"]
    assert found.updates["appointment_types"] == {}
    assert {key: row["type_code"] for key, row in found.inserts["appointments"].items()} == {
        "a": "T",
        "b": "Sehtest",
    }


def test_what_a_file_says_of_a_customer_is_taken_and_what_it_does_not_say_stays() -> None:
    first = entry("a")
    assert first.person is not None
    said: dict[str, Value] = {"mobile": "0171 5555009", "reminder_consent": True, "last_contacted_at": NOW}
    theirs = replace(first, person=replace(first.person, said=said))
    before = held(a=appointment())
    known = {**before.rows["customers"]["17"], "reminder_consent": False, "last_contacted_at": None}
    found = changes([theirs], replace(before, rows={**before.rows, "customers": {"17": known}}))
    assert found.updates["customers"] == {"17": said}
    new = replace(theirs, person=replace(first.person, customer_id="18", said=said))
    (row,) = changes([new], before).inserts["customers"].values()
    assert {name: row[name] for name in said} == said
    assert (row["customer_id"], row["last_name"], row["email"]) == ("18", "", "")


@pytest.mark.parametrize(
    ("before", "said", "detail"),
    [
        (appointment(), entry("a", "2026-11-26 10:00"), "moved from 2026-11-26 09:00"),
        (appointment(), entry("a", customer="18"), "customer_id: another customer"),
        (appointment(), entry("a", customer=None), "customer_id: names no customer any more"),
        (appointment(import_state="held"), entry("a"), "no longer held"),
        (appointment(import_state="gone"), entry("a"), "is back"),
        (appointment(status="Storniert"), entry("a", status=""), "status"),
        (appointment(), entry("a", is_group=True), "is_group"),
        (
            appointment(import_state="held"),
            entry("a", "2026-11-26 10:00"),
            "moved from 2026-11-26 09:00, no longer held",
        ),
    ],
)
def test_what_has_changed_is_named(before: Row, said: Entry, detail: str) -> None:
    (change,) = changes([said], held(a=before)).changed
    assert change.detail == detail.removeprefix("customer_id: ")


def test_the_brake_holds_what_it_is_about_and_what_could_not_be_read_and_releases_the_others() -> None:
    names = [f"moved {number}" for number in range(6)]
    before = {name: appointment() for name in names}
    before |= {"unread": appointment("2026-11-26 11:00"), "held": appointment(import_state="held")}
    before |= {"renamed": appointment()}
    said = [
        *(entry(name, "2026-11-26 10:00") for name in names),
        entry("held"),
        entry("renamed", status="Bestätigt"),
    ]
    unread = (Refused(9, "x", "unread"),)
    found = changes(said, held(SOURCE, "", **before), refused=unread)
    assert (found.braked, found.disturbed, found.covered) == (True, 6, 9)
    part = changes(said, held(SOURCE, "", **before), replace(HOW, partial=True), refused=unread)
    assert (part.braked, part.disturbed, part.covered) == (True, 6, 8)  # it speaks of what it names alone
    assert found.updates["appointments"] == {
        **{name: {"import_state": "held"} for name in (*names, "unread")},
        "held": {"import_state": ""},
    }
    assert ([change.appointment_id for change in found.changed], found.unchanged) == (["held"], 1)
    assert {change.appointment_id: change.detail for change in found.held} == {
        **dict.fromkeys(names, "in dispute"),
        "unread": "its line cannot be read",
    }


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (appointment(status="Storniert"), "held"),
        (appointment(status="Storniert", import_state="gone"), None),  # of which no correction speaks
        (appointment("2026-11-24 09:00", status="Storniert"), None),  # it is over
        (appointment("2026-11-24 10:00", status="Storniert"), None),  # it begins now
    ],
)
def test_what_was_cancelled_is_held_where_the_newest_line_may_let_it_stand_again(
    before: Row, state: str | None
) -> None:
    """The line cannot be read; or it is in a file of which the brake lets nothing in."""
    kept = {} if state is None else {"import_state": state}
    bad = (Refused(9, "unread", "a"),)
    unread = changes([entry("b")], held(a=before, b=appointment()), refused=bad)
    assert unread.updates["appointments"].get("a", {}) == kept
    moved = {f"moved {number}": appointment() for number in range(6)}
    said = [*(entry(name, "2026-11-26 10:00") for name in moved), entry("a", status="Bestätigt")]
    braked = changes(said, held(SOURCE, "", a=before, **moved))
    assert (braked.braked, braked.updates["appointments"].get("a", {})) == (True, kept)


@pytest.mark.parametrize("said", [{"status": "Geplatzt"}, {"is_group": True}])
def test_what_was_off_and_is_off_still_is_no_dispute_of_the_brake(said: dict[str, Any]) -> None:
    moved = {f"moved {number}": appointment() for number in range(6)}
    named = [*(entry(name, "2026-11-26 10:00") for name in moved), entry("off", **said)]
    found = changes(named, held(SOURCE, "", off=appointment(status="Storniert"), **moved))
    assert (found.braked, found.updates["appointments"].get("off", {})) == (True, {})


def test_a_refused_line_that_says_the_same_new_start_as_one_that_was_read_leaves_nothing_in_doubt() -> None:
    said = [entry("a", "2026-11-26 10:00")]
    same = (Refused(9, "no customer", "a", utc("2026-11-26 10:00")),)
    assert kinds(changes(said, held(a=appointment()), refused=same)) == {"a": "changed"}


@pytest.mark.parametrize(
    ("there", "moved", "braked"),
    [
        (1, 1, False),  # the only one may be moved
        (2, 2, True),  # all there is
        (2, 1, False),
        (5, 4, False),  # a floor: in a small practice one is more than a fifth
        (10, 5, False),
        (10, 6, True),
        (29, 6, True),
        (30, 6, False),  # a fifth exactly
        (31, 6, False),
    ],
)
@pytest.mark.parametrize("series", ["", "weekly"])
def test_more_than_a_fifth_and_more_than_five_or_all_there_is_brake(
    there: int, moved: int, braked: bool, series: str
) -> None:
    names = [f"a{number}" for number in range(there)]
    said = [entry(name, "2026-11-26 10:00") for name in names[:moved]]
    said += [entry(name) for name in names[moved:]]
    before = held(SOURCE, "", **{name: appointment() for name in names})
    if series:  # all that were moved are occurrences of one series, which counts once
        before = replace(
            before, origins={**before.origins, **dict.fromkeys(names[:moved], Origin("s", series))}
        )
        said = [replace(each, series=series) for each in said[:moved]] + said[moved:]
    found = changes(said, before)
    assert (found.disturbed, found.covered) == ((1, there - moved + 1) if series else (moved, there))
    assert found.braked is (braked and not series)
    assert not changes(said, before, replace(HOW, force=True)).braked


@pytest.mark.parametrize(
    ("name", "title", "keeps"),
    [
        ("Meier", "Frau Meier, Sehtest", True),
        ("Meier", "Frau Kurz, Sehtest", False),
        ("", "Sehtest", False),  # of nobody's name every title has each word
    ],
)
def test_a_title_that_lost_its_number_has_its_customer_still_where_the_name_stands(
    name: str, title: str, keeps: bool
) -> None:
    before = held(a=appointment())
    customers = {"17": {"customer_id": "17", "first_name": "", "last_name": name}}
    before = replace(before, rows={**before.rows, "customers": customers})
    found = changes([replace(entry("a", customer=None), title=title)], before)
    assert (found.updates["appointments"].get("a", {}) == {}) is keeps


def test_what_a_file_does_not_cover_does_not_dilute_the_brake() -> None:
    names = [f"a{number}" for number in range(20)]
    later = {f"later{number}": appointment("2026-12-20 09:00") for number in range(100)}
    said = [entry(name, "2026-11-26 10:00" if name in names[:6] else "2026-11-26 09:00") for name in names]
    found = changes(said, held(SOURCE, "", **{name: appointment() for name in names}, **later))
    assert (found.braked, found.disturbed, found.covered) == (True, 6, 20)


@pytest.mark.parametrize(
    ("of_branch", "moved", "braked"), [(8, 6, True), (29, 6, True), (30, 6, False), (8, 5, False)]
)
@pytest.mark.parametrize("branch", ["HH2", None])
def test_one_branch_that_is_lost_brakes_though_the_practice_is_large(
    of_branch: int, moved: int, braked: bool, branch: str | None
) -> None:
    names = {f"a{number}": "HH1" for number in range(40)} | {
        f"b{number}": branch for number in range(of_branch)
    }
    said = [entry(name) for name in list(names)[: 40 + of_branch - moved]]
    said += [entry(name, "2026-11-26 10:00") for name in list(names)[40 + of_branch - moved :]]
    before = held(SOURCE, "", **{name: appointment(branch_code=code) for name, code in names.items()})
    assert changes(said, before).braked is braked


def test_while_the_line_of_a_series_cannot_be_read_its_occurrences_are_held_and_not_gone() -> None:
    rows = {name: appointment() for name in ("one", "other", "moved", "new")}
    before = replace(
        held(SOURCE, "first", **rows), origins={"one": Origin("s", "weekly"), "other": Origin("s", "daily")}
    )
    said = [entry("a", "2026-11-24 08:00"), entry("b", "2026-11-30 09:00")]
    line = Refused(9, "x", "weekly")
    found = changes(said, before, refused=(line,))
    assert {each.appointment_id: each.detail for each in found.held} == {
        "one": "its line cannot be read",
        "other": "gone from the file",
    }
    # What the file names of it is in doubt too, also what is new; but not where the line names its start.
    of_series = replace(entry("new one"), series="weekly")
    found = changes([*said, of_series], before, refused=(line,))
    assert {"new one": "its line cannot be read"}.items() <= {
        each.appointment_id: each.detail for each in found.held
    }.items()
    known = replace(line, starts_at=of_series.starts_at)
    assert kinds(changes([*said, of_series], before, refused=(known,)))["new one"] == "new"
    over = replace(of_series, starts_at=NOW)
    assert kinds(changes([*said, over], before, refused=(line,)))["new one"] == "new"
    nobody = replace(entry("other", customer=None), series="weekly")
    assert "other" not in {
        each.appointment_id for each in changes([*said, nobody], before, refused=(line,)).held
    }


def test_who_stands_under_another_s_id_disturbs_the_appointments_of_that_id() -> None:
    """The file has another person under 17, whose appointments are as they were."""
    first = entry("a")
    assert first.person is not None
    stranger = entries.person({"customer_id": "17", "last_name": "Kurz", "mobile": "0171 5555002"})
    found = changes(
        [replace(first, person=stranger)], held(a=appointment(), b=appointment("2026-11-24 09:59"))
    )
    assert (found.disturbed, found.covered) == (1, 1)
    renamed = entries.person({"customer_id": "17", "last_name": "Kurz", "mobile": "0171 5555001"})
    assert changes([replace(first, person=renamed)], held(a=appointment())).disturbed == 0


def test_an_appointment_whose_line_is_refused_with_that_of_another_person_stands_as_it_was() -> None:
    """Its own line names the customer whose it is, at the start that is known: nothing in it is in doubt."""
    other = entries.person({"customer_id": "17", "name": "Otto Kurz"})
    two = [entry("a"), replace(entry("b"), line=2, person=other)]
    found = changes(two, held(a=appointment()))
    assert ([line.line for line in found.refused], kinds(found)) == ([1, 2], {})


def test_refused_lines_that_concern_nobody_are_counted_with_what_names_nobody() -> None:
    """A line that names nobody, two people under one id, and a line of an appointment that is known."""
    lines = (
        Refused(1, "x", names_somebody=False),
        Refused(2, "x", "a", names_somebody=False),
        Refused(3, "x"),
    )
    two = [
        entry("b"),
        replace(entry("c"), line=5, person=entries.person({"customer_id": "17", "name": "Otto Kurz"})),
    ]
    found = changes(two, held(a=appointment()), refused=lines, nobody={"lines without a customer": 2})
    assert [line.line for line in found.refused] == [2, 3, 1, 5]
    assert found.nobody == {"lines without a customer": 3}


@pytest.mark.parametrize(
    ("whose", "name", "mobile", "made"),
    [
        ("17", "Ida Meier", "0171 5555009", 0),  # the number is corrected
        ("17", "Ida Maier", "0171 5555001", 0),  # the name is
        ("17", "Eva Kurz", "0171 5555009", 1),  # somebody else has it now
        (None, "Ida Meier", "0171 5555009", 1),  # it was nobody's
    ],
)
def test_without_customer_numbers_a_known_appointment_tells_who_it_is(
    whose: str | None, name: str, mobile: str, made: int
) -> None:
    said = replace(entry("a"), person=entries.person({"name": name, "mobile": mobile}))
    found = changes([said], held(a=appointment(customer_id=whose)))
    assert len(found.inserts["customers"]) == made
    assert len(found.updates["customers"]) == 1 - made


def test_a_blocked_time_makes_no_branch_and_corrects_the_data_of_one_that_is_known() -> None:
    before = held(a=appointment())
    rows = {"HH1": {"branch_code": "HH1", "name": "Nord", "phone": "1", "address": "", "email": ""}}
    before = replace(before, rows={**before.rows, "branches": rows})
    said = [
        entry(key, customer=None, branch_code=code, branch_phone="2") for key, code in ("aN", ("b", "nord"))
    ]
    found = changes(said, before)
    assert found.inserts["branches"] == {}
    assert found.updates["branches"] == {"HH1": {"phone": "2"}}
    named = changes([entry("c", branch_code="S", branch_phone="3")], before)
    assert named.inserts["branches"]["S"]["phone"] == "3"


def test_entries_without_a_customer_are_counted_where_none_is_known() -> None:
    said = [entry("a", customer=None), entry("b", customer=None), entry("c", customer=None), entry("d")]
    found = changes(said, held(a=appointment()))
    assert found.nobody == {"entries without a customer": 2}
    assert kinds(found) == {"a": "changed", "d": "new"}


def test_a_status_that_sounds_like_a_cancellation_and_is_none_is_warned_about() -> None:
    said = [
        entry("a", status="Termin storniert"),
        entry("b", status="wurde abgesagt"),
        entry("c", status="wurde abgesagt"),
        entry("d", status="Abgeschlossen"),
        entry("e", status="Geplatzt"),
        entry("f"),
    ]
    words = "holds a word for a cancellation, and its {} will be reminded: --status WORD=cancelled or =stands"
    assert [warning.partition(" decides")[0] for warning in doubts.doubtful_statuses(said, HOW)] == [
        f'the status "Termin storniert" {words.format("1 appointment")}',
        f'the status "wurde abgesagt" {words.format("2 appointments")}',
    ]
    decided = replace(HOW, statuses={"termin storniert": False, "wurde abgesagt": True})
    assert doubts.doubtful_statuses(said, decided) == []


def test_a_doubtful_type_is_warned_about_with_its_number() -> None:
    said = [entry(key, type_name="Abgesagt") for key in "ab"] + [entry("c", type_name="Storno")]
    warnings = " ".join(doubts.doubtful_types(said, HOW, may_notify=lambda name: True))
    assert "its 2 appointments will be" in warnings
    assert "its 1 appointment will be" in warnings


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        (entry("a", type_name="Abgesagt"), True),
        (entry("a", type_name="Abgesagt: Sehtest"), True),
        (entry("a", type_name="cancelled_by_client"), True),
        (entry("a", type_name="Sehtest"), False),
        (entry("a"), False),
        (entry("a", customer=None, type_name="Abgesagt"), False),  # nobody is reminded of it
        (entry("a", "2026-11-24 10:00", type_name="Abgesagt"), False),  # begins now
        (entry("a", type_name="Abgesagt", status="Storniert"), False),
    ],
)
def test_a_type_that_is_a_word_for_a_cancellation_is_warned_about(said: Entry, warned: bool) -> None:
    assert len(list(doubts.doubtful_types([said], HOW, may_notify=lambda _: True))) == warned
    assert not list(doubts.doubtful_types([said], HOW, may_notify=lambda _: False))


@pytest.mark.parametrize(
    ("known", "how", "file", "uncovered"),
    [
        # The file begins on Thursday, the 26th; now it is Tuesday, ten o'clock.
        (appointment("2026-11-25 09:00"), {}, {}, True),
        (appointment("2026-11-25 23:59"), {}, {}, True),
        (appointment("2026-11-26 00:00"), {}, {}, False),  # that day is the file's
        (appointment("2026-11-24 10:00"), {}, {}, False),  # it has begun
        (appointment("2026-11-24 10:01"), {}, {}, True),
        (appointment("2026-12-01 00:00"), {}, {}, False),  # later than the file
        (appointment("2026-11-25 09:00", status="Storniert"), {}, {}, False),
        (appointment("2026-11-25 09:00", branch_code="HH2"), {"branch_code": "HH1"}, {}, False),  # of another
        (appointment("2026-11-25 09:00"), {"partial": True}, {}, False),
        (appointment("2026-11-25 09:00"), {"covers_from": date(2026, 11, 25)}, {}, False),  # then it is gone
        (appointment("2026-11-25 09:00"), {"covers_from": date(2026, 11, 26)}, {}, False),  # as it was said
        (appointment("2026-11-25 09:00"), {}, {"refused": (Refused(9, "x", "known"),)}, False),  # it is held
    ],
)
def test_what_lies_before_the_first_day_of_a_file_is_named(
    known: Row, how: dict[str, Any], file: dict[str, Any], uncovered: bool
) -> None:
    said = [entry("a", "2026-11-26 09:00"), entry("b", "2026-11-30 09:00")]
    found = changes(said, held(known=known), replace(HOW, **how), **file)
    assert [each.appointment_id for each in found.uncovered] == (["known"] if uncovered else [])
    assert all(each.name == "Ida Meier" for each in found.uncovered)
    named = changes(
        [*said, entry("known", "2026-11-26 08:00")], held(known=known), replace(HOW, **how), **file
    )
    assert named.uncovered == ()


@pytest.mark.parametrize(
    ("start", "beyond"), [("2026-11-30 23:59", 0), ("2026-12-01 00:00", 1), ("2026-11-25 09:00", 0)]
)
def test_what_lies_later_than_the_last_day_of_a_file_is_counted(start: str, beyond: int) -> None:
    said = [entry("a", "2026-11-26 09:00"), entry("b", "2026-11-30 09:00")]
    assert changes(said, held(known=appointment(start))).beyond == beyond
    of_series = replace(held(known=appointment(start)), origins={"known": Origin("s", "weekly")})
    assert changes(said, of_series, series=frozenset({"weekly"})).beyond == 0  # which it names to its end


def test_a_title_that_names_nobody_is_listed_once() -> None:
    before = replace(held(), listed=frozenset({"Urlaub"}))
    assert changes([entry("b")], before, titles=("Urlaub", "Sommer", "", "Sommer", "Pause")).titles == (
        "Pause",
        "Sommer",
    )


def test_a_line_of_a_known_series_is_refused_even_where_it_names_nobody() -> None:
    before = replace(held(a=appointment()), origins={"a": Origin("s", "weekly")})
    line = Refused(1, "x", "weekly", names_somebody=False)
    assert changes([entry("b")], before, refused=(line, replace(line, appointment_id="daily"))).refused == (
        line,
    )


@pytest.mark.parametrize(
    ("before", "state", "said", "status"),
    [
        ("", "", "Storniert", "Abgesagt"),  # as calendars and the import say it, in the words of the settings
        ("", "", "abgesagt ", "abgesagt "),  # as the file says it
        ("", "", "Bestätigt", "Bestätigt"),
        ("Abgesagt", "gone", None, ""),  # it was gone from the file, and is back
        ("Abgesagt", "", None, "Abgesagt"),  # an earlier file said so, and this one does not say
        ("Bestätigt", "", None, "Bestätigt"),
    ],
)
def test_the_status_of_an_appointment_that_is_off_is_that_of_the_settings(
    before: str, state: str, said: str | None, status: str
) -> None:
    how = replace(HOW, cancelled="Abgesagt", excluded=frozenset({"abgesagt"}))
    named = {} if said is None else {"status": said}
    found = changes([entry("a", **named)], held(a=appointment(status=before, import_state=state)), how)
    assert found.updates["appointments"].get("a", {}).get("status", before) == status


@pytest.mark.parametrize(
    ("names", "others", "warned"),
    [
        (["Ida A", "Ida B", "Ida C"], 0, False),  # a family
        (["Ida A", "Ida B", "Ida C", ""], 0, False),  # no name is no further one
        (["Ida A", "Ida B", "Ida C", "Ida D"], 3, True),
        (["Ida A", "Ida B", "Ida C", "Ida D"], 4, False),  # no more than half of the file
    ],
)
def test_a_number_of_most_of_the_file_may_be_the_practice_s_own(
    names: list[str], others: int, warned: bool
) -> None:
    people = [(name, "040 1234567") for name in names]
    people += [(f"Eva {number}", f"0171 555500{number}") for number in range(others)]
    said = [
        replace(
            entry(str(number)),
            person=entries.person({"customer_id": str(number), "name": name, "mobile": at}),
        )
        for number, (name, at) in enumerate(people)
    ]
    assert bool(changes(said, held()).warnings) is warned


def test_of_what_a_file_does_not_say_the_rows_that_it_makes_are_careful() -> None:
    """A new customer has not consented, a new appointment is no group, a new type may be reminded of."""
    found = changes([entry("a", customer="18", type_name="Sehtest", branch_name="Nord")], held())
    (customer,) = found.inserts["customers"].values()
    assert (customer["reminder_consent"], customer["last_contacted_at"]) == (False, None)
    assert found.inserts["appointment_types"] == {
        "Sehtest": {"type_code": "Sehtest", "name": "Sehtest", "notifiable": True}
    }
    (row,) = found.inserts["appointments"].values()
    assert (row["is_group"], row["ends_at"], row["status"]) == (False, None, "")
    assert row["branch_code"] == "Nord"
    assert found.inserts["branches"]["Nord"] == {
        "branch_code": "Nord",
        "name": "Nord",
        **dict.fromkeys(("phone", "address", "email"), ""),
    }


def test_a_branch_takes_each_of_the_texts_that_a_file_has_for_it() -> None:
    texts = {"name": "Optik Nord", "phone": "040 1", "address": "Am Markt 1", "email": "nord@example.org"}
    said = {f"branch_{column}": text for column, text in texts.items()}
    found = changes([entry("a", branch_code="N", **said)], held())
    assert found.inserts["branches"]["N"] == {"branch_code": "N", **texts}


@pytest.mark.parametrize("turned", [1, -1])
def test_of_lines_that_differ_about_one_customer_the_soonest_holds(turned: int) -> None:
    """Also where it says what the schedule has already."""
    moved = {"customer_id": "17", "first_name": "Ida", "last_name": "Meier", "mobile": "0171 5555009"}
    other = entries.person(moved)
    before = held(a=appointment(), b=appointment("2026-11-27 09:00"))
    lines = [entry("a"), replace(entry("b", "2026-11-27 09:00"), line=2)]
    later = [lines[0], replace(lines[1], person=other)]
    assert changes(later[::turned], before).updates["customers"] in ({}, {"17": {}})
    assert changes(
        [replace(lines[0], person=other), entry("b")][::turned], held(a=appointment(), b=appointment())
    ).updates["customers"] == {"17": {"mobile": "0171 5555009"}}  # of one start
    sooner = [replace(lines[0], person=other), lines[1]]
    assert changes(sooner[::turned], before).updates["customers"] == {"17": {"mobile": "0171 5555009"}}


@pytest.mark.parametrize("column", ["reminder_consent", "sms_allowed", "email_allowed"])
@pytest.mark.parametrize(("start", "consents"), [("2026-11-24 10:00", True), ("2026-11-24 10:01", False)])
def test_a_no_counts_of_a_line_that_lies_ahead_and_not_of_one_that_begins_now(
    start: str, consents: bool, column: str
) -> None:
    person = entries.person({"customer_id": "17", "last_name": "Meier"})
    assert person is not None
    lines = [
        replace(line, person=replace(person, said={**person.said, column: said}))
        for line, said in ((entry("a", start), False), (entry("b"), True))
    ]
    another = entry("c")
    alone = entries.person({"customer_id": "18", "last_name": "Lang", column: ""})
    assert alone is not None
    *agreed, left_alone = people.agreed([*lines, replace(another, person=alone)], NOW)
    assert [line.person.said[column] for line in agreed if line.person] == [consents, consents]
    assert left_alone.person is alone


@pytest.mark.parametrize(
    ("customers", "kept"),
    [
        (["17"], True),  # one alone may have had it taken out
        (["17", "17"], True),
        (["17", "18"], False),  # the export lost its columns
    ],
)
def test_empty_numbers_are_taken_unless_several_people_have_none(customers: list[str], kept: bool) -> None:
    lines = [
        replace(entry(str(at)), person=entries.person({"customer_id": key, "name": key + "x", "mobile": ""}))
        for at, key in enumerate(customers)
    ]
    found = people.with_contacts_if_any(lines)
    assert ["mobile" in line.person.said for line in found if line.person] == [kept] * len(customers)


@pytest.mark.parametrize(
    ("start", "of", "status", "stays"),
    [
        ("2026-11-25 09:00", "other", "", True),
        ("2026-11-27 09:00", "other", "", False),  # the line of this file is the sooner one
        ("2026-11-25 09:00", "other", "Storniert", False),
        ("2026-11-23 09:00", "other", "", False),  # over
        ("2026-11-25 09:00", "s", "", False),  # this source has taken it back
        ("2026-11-25 09:00", "", "", False),
    ],
)
def test_an_empty_cell_takes_nothing_away_that_the_source_of_the_soonest_appointment_said(
    start: str, of: str, status: str, stays: bool
) -> None:
    """A calendar of a colleague has no numbers, and no column that is filled for `keine SMS`."""
    before = replace(
        held(b=appointment(start, status=status)), origins={"b": Origin(of)} if of else {}, source=SOURCE
    )
    cells = {"customer_id": "17", "last_name": "Meier", "mobile": "", "email": "ida@example.org"}
    line = replace(entry("a"), person=entries.person(cells))
    taken = {"email": "ida@example.org"} | ({} if stays else {"mobile": ""})
    assert changes([line], before).updates["customers"] == {"17": taken}


@pytest.mark.parametrize(
    ("before", "said", "expected"),
    [
        # What the file says of an appointment that is known.      What is written of it.
        ({"type_code": "T"}, {}, {}),  # no column for the type: it keeps its own
        ({"type_code": "T"}, {"type_name": ""}, {}),  # nor does an empty cell take it away
        ({"type_code": None}, {}, {"type_code": "Import"}),
        ({"type_code": "T"}, {"type_name": "Sehtest"}, {"type_code": "Sehtest"}),
        ({"branch_code": "HH1"}, {}, {}),
        ({"branch_code": "HH1"}, {"branch_code": "HH2"}, {"branch_code": "HH2"}),
        ({"branch_code": "HH1"}, {"branch_name": "Nord"}, {"branch_code": "Nord"}),
        ({"branch_code": "HH1"}, {"branch_code": "HH2", "branch_name": "Nord"}, {"branch_code": "HH2"}),
        (
            {"created_at": NOW},
            {"created_at": None},
            {},
        ),  # nor does an empty cell take away when it was booked
        ({"status": "Storniert"}, {"status": "Storniert"}, {}),
        ({"status": "Storniert"}, {"status": "Bestätigt"}, {"status": "Bestätigt"}),
        ({"status": "Storniert"}, {"status": ""}, {"status": ""}),
    ],
)
def test_what_a_file_says_of_a_known_appointment_is_written_and_nothing_else(
    before: dict[str, Any], said: dict[str, Any], expected: Row
) -> None:
    how = replace(HOW, type_name="Import")
    found = changes([entry("a", **said)], held(a=appointment(**before)), how)
    assert found.updates["appointments"].get("a", {}) == expected


@pytest.mark.parametrize(
    ("found", "file", "problem"),
    [
        ([entry("a")], {}, None),
        ([entry("a")], {"cut": "its last line ends early"}, "cut short: its last line ends early; nothing"),
        ([entry("a")], {"written_at": IMPORTED - timedelta(days=3)}, "older than the last one"),
        ([entry("a", customer=None)], {}, "nobody in the file has a customer"),
        ([entry("a", customer=None), entry("b")], {}, None),
        ([], {"refused": (Refused(2, "x"),)}, None),  # the refused line says what is wrong
    ],
)
def test_a_file_of_which_a_person_must_look_is_a_problem(
    found: list[Entry], file: dict[str, Any], problem: str | None
) -> None:
    before = held(replace(SOURCE, written_at=IMPORTED), a=appointment(), b=appointment())
    problems = changes(found, before, **file).problems
    assert len(problems) == (problem is not None)
    assert (problem or "") in "".join(problems)


@pytest.mark.parametrize(
    ("partial", "was_empty", "said"),
    [
        (False, False, True),
        (False, True, False),  # once: a practice may be closed for weeks
        (True, True, True),  # a part of a file is sent for somebody's sake
    ],
)
def test_a_file_without_anybody_is_a_problem_and_a_whole_one_once(
    partial: bool, was_empty: bool, said: bool
) -> None:
    before = held(replace(SOURCE, empty=was_empty), a=appointment())
    found = changes([entry("a", customer=None)], before, replace(HOW, partial=partial))
    assert ("nobody in the file has a customer" in found.problems) is said


@pytest.mark.parametrize(
    ("numbers", "unreachable", "problem"),
    [
        (["0171 5555001", "0171 5555002"], 0, False),
        (["0171 5555001", ""], 1, False),
        (["", ""], 2, True),  # a column was left out, say
    ],
)
def test_customers_whom_nobody_can_reach_are_counted(
    numbers: list[str], unreachable: int, problem: bool
) -> None:
    said = [
        replace(
            entry(str(at)),
            person=entries.person({"customer_id": str(at), "name": f"Eva {at}", "mobile": number}),
        )
        for at, number in enumerate(numbers)
    ]
    found = changes(said, held())
    assert found.unreachable == unreachable
    assert ("no customer of the file has a number or an address" in found.problems) is problem


def test_of_what_two_lines_say_otherwise_nothing_is_taken_but_that_it_is_held() -> None:
    found = changes([entry("a", "2026-11-26 10:00")], held(a=appointment()), refused=(Refused(9, "x", "a"),))
    assert found.updates["appointments"] == {"a": {"import_state": "held"}}


@pytest.mark.parametrize(
    ("start", "known", "said", "named"),
    [
        ("2026-11-26 09:00", {"status": "Storniert"}, {}, True),
        ("2026-11-24 10:00", {"status": "Storniert"}, {}, False),  # it begins now
        ("2026-11-24 09:59", {"status": "Storniert"}, {}, False),
        ("2026-11-26 09:00", {"status": "Storniert"}, {"status": "Storniert"}, False),  # said beside the name
        ("2026-11-26 09:00", {"status": "Storniert", "import_state": "gone"}, {}, False),  # it is back
        ("2026-11-26 09:00", {"status": "Bestätigt"}, {}, False),
        ("2026-11-26 09:00", {"status": "Storniert"}, {"customer": None}, False),  # a blocked time by now
    ],
)
def test_what_a_file_says_no_more_is_named_of_what_lies_ahead(
    start: str, known: dict[str, Any], said: dict[str, Any], named: bool
) -> None:
    found = changes(
        [entry("a", start, **said), entry("b", "2026-11-27 09:00")],
        held(a=appointment(start, **known)),
        headings={"starts_at": "Beginn"},
    )
    assert any("no column status" in each for each in found.warnings) is named


def test_a_file_with_descriptions_may_say_it_in_their_lines() -> None:
    before = held(a=appointment(status="Storniert"))
    said = [entry("a"), entry("b", "2026-11-27 09:00")]
    found = changes(said, before, headings={"starts_at": "Beginn", "description": "Beschreibung"})
    assert not any("no column status" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("taken_over", "new", "named"),
    [
        # Another source has a to h, of which `moved` stands at another time in this file, under its id.
        ("ab moved", "", "(c, d, e, …)"),
        ("abcdf moved", "", "(e, g, h)"),  # three are named whole
        ("abcdef moved", "", "(g, h)"),
        ("ab moved", "xy", "(c, d, e, …)"),  # more than half of the file
        ("ab moved", "xyz", ""),  # half is not most of it
    ],
)
def test_what_a_source_leaves_behind_is_named_by_a_file_that_is_mostly_its(
    taken_over: str, new: str, named: str
) -> None:
    days = {key: f"2026-11-26 {9 + at:02d}:00" for at, key in enumerate("abcdefgh")}
    theirs = {key: appointment(at) for key, at in days.items()}
    before = held(Source("this"), "", moved=appointment("2026-11-26 17:00"), **theirs)
    keys, moves = taken_over.partition(" ")[::2]
    said = [entry(key, days[key]) for key in keys] + [entry(moves, "2026-11-26 18:00")]
    said += [entry(key, f"2026-11-26 19:{at:02d}", "18") for at, key in enumerate(new)]
    problems = [each for each in changes(said, before).problems if "of the appointments of s stay" in each]
    assert [named in each for each in problems] == ([True] if named else [])


def test_an_older_file_moves_nothing_and_adds_only_what_no_newer_one_spoke_of() -> None:
    source = replace(SOURCE, written_at=IMPORTED, first_day=date(2026, 11, 24), last_day=date(2026, 11, 30))
    said = [entry("a", "2026-11-26 10:00"), entry("b", "2026-11-27 09:00"), entry("c", "2026-12-01 09:00")]
    said.append(entry("later", "2026-12-02 10:00"))
    before = held(
        source,
        a=appointment(),
        gone=appointment("2026-11-28 09:00"),
        later=appointment("2026-12-02 09:00"),
    )
    found = changes(said, before, written_at=IMPORTED - timedelta(days=3), refused=(Refused(9, "x", "gone"),))
    assert kinds(found) == {"c": "new"}  # whoever is not in the newer file may be cancelled
    assert found.updates["appointments"] == {}


@pytest.mark.parametrize(
    ("ahead", "older"),
    [
        (timedelta(days=1), True),
        (timedelta(days=1, minutes=1), False),  # the clock was wrong: all files would be older, for years
    ],
)
def test_a_file_is_older_than_one_whose_stamp_is_of_a_day_ahead_at_most(
    ahead: timedelta, older: bool
) -> None:
    before = held(replace(SOURCE, written_at=NOW + ahead), a=appointment())
    found = changes([entry("a", "2026-11-26 10:00")], before, written_at=NOW)
    assert kinds(found) == ({} if older else {"a": "changed"})


@pytest.mark.parametrize(
    ("said", "reminded"),
    [
        (entry("a", status="Bestätigt"), {"Bestätigt": 1}),
        (entry("a"), {"": 1}),
        (entry("a", status="Storniert"), {}),  # cancelled
        (entry("a", status="geplatzt"), {}),  # excluded by the settings
        (entry("a", "2026-11-24 09:59", status="Bestätigt"), {}),  # over
        (entry("a", customer=None, status="Bestätigt"), {}),  # nobody's
    ],
)
def test_the_statuses_that_will_be_reminded_are_counted(said: Entry, reminded: dict[str, int]) -> None:
    assert changes([said], held(a=appointment())).statuses == reminded


@pytest.mark.parametrize(
    ("starts", "warning"),
    [
        (["2026-11-23 09:00", "2026-11-24 09:59"], "its last appointment is that of 2026-11-24 09:59"),
        (["2026-11-23 09:00", "2026-11-24 10:01"], None),
    ],
)
def test_a_file_in_which_nothing_lies_ahead_is_warned_about(starts: list[str], warning: str | None) -> None:
    said = [entry(str(at), start) for at, start in enumerate(starts)]
    blocked = entry("blocked", "2026-11-27 09:00", customer=None)  # nobody's time proves nothing
    found = changes([*said, blocked], held())
    assert len(found.warnings) == (warning is not None)
    assert (warning or "") in "".join(found.warnings)


@pytest.mark.parametrize(
    ("of", "customer", "refused"),
    [
        ("other", "18", True),  # both programs number from 1
        ("other", "17", False),  # the same person in both
        ("other", None, False),
        ("s", "18", False),  # this source may give its appointment to another customer
        ("", "18", False),
    ],
)
def test_an_id_that_is_another_customer_s_in_another_source_is_refused(
    of: str, customer: str | None, refused: bool
) -> None:
    before = replace(held(a=appointment()), origins={"a": Origin(of)} if of else {})
    found = changes([entry("a", customer=customer)], before)
    assert [line.reason for line in found.refused] == (
        ["appointment_id: 'a' is another customer's in other"] if refused else []
    )


@pytest.mark.parametrize(
    ("start", "ids_from", "refused"),
    [
        ("2026-11-26 09:00", (), True),
        ("2026-11-26 09:00", ("start", "customer"), False),  # without ids the line is that appointment
        ("2026-11-26 10:00", ("start", "customer"), True),
    ],
)
def test_a_customer_id_that_is_another_s_in_what_the_file_does_not_name_is_refused(
    start: str, ids_from: tuple[str, ...], refused: bool
) -> None:
    stranger = entries.person({"customer_id": "17", "last_name": "Kurz", "mobile": "0171 5555002"})
    line = replace(entry("" if ids_from else "b", start), person=stranger)
    how = replace(HOW, ids_from=ids_from)
    assert len(conflicts.ids_of_others([line], held(a=appointment()), how)[1]) == refused


def test_an_id_of_another_source_that_is_nobody_s_there_is_nobody_else_s() -> None:
    before = replace(held(a=appointment(customer_id=None)), origins={"a": Origin("other")})
    assert changes([entry("a")], before).refused == ()


@pytest.mark.parametrize(
    ("known", "of", "how", "same"),
    [
        ({"status": "Storniert"}, "s", {}, False),  # it was off
        ({}, "s", {}, True),  # of this customer one is gone and one is new: it has moved
        ({}, "s", {"partial": True}, False),  # a partial file says nothing of what it does not name
        ({}, "other", {}, False),  # another program's appointment is not gone from this file
        ({"starts_at": NOW - timedelta(minutes=1)}, "s", {}, False),  # it has taken place
        ({"branch_code": "HH2"}, "s", {"branch_code": "HH1"}, False),  # the file is another branch's
        ({"branch_code": "HH1"}, "s", {"branch_code": "HH1"}, True),
    ],
)
def test_without_ids_the_one_appointment_of_a_customer_that_is_gone_has_moved(
    known: dict[str, Any], of: str, how: dict[str, Any], same: bool
) -> None:
    made = f"{MADE}1"
    before = replace(held(SOURCE, "", **{made: appointment(**known)}), origins={made: Origin(of)})
    said = [
        entry("", "2026-11-25 08:00", customer="18"),
        entry("", "2026-11-27 09:00"),
        entry("", "2026-11-30 09:00", customer="18"),
    ]
    found = changes(said, before, replace(HOW, ids_from=("start", "customer"), **how))
    assert len(found.inserts["appointments"]) == (2 if same else 3)
    assert (made in found.updates["appointments"]) is (same or found.held != ())
    assert ("starts_at" in found.updates["appointments"].get(made, {})) is same


@pytest.mark.parametrize(
    ("key", "of", "kept"),
    [
        ("a", "s", True),
        ("a", "other", False),  # an id that another program gave is no business of this file's
        (f"{MADE}1", "other", True),  # one that was made for this file before it got another column
    ],
)
def test_without_ids_an_appointment_keeps_an_id_of_its_own_source_or_one_that_was_made(
    key: str, of: str, kept: bool
) -> None:
    before = replace(held(SOURCE, "", **{key: appointment()}), origins={key: Origin(of)})
    found = changes([entry("")], before, replace(HOW, ids_from=("start", "customer")))
    assert (found.inserts["appointments"] == {}) is kept


def test_a_line_that_stands_twice_in_a_file_without_ids_is_one_and_those_behind_it_are_read() -> None:
    before = held(made_1=appointment(), made_2=appointment("2026-11-27 09:00"))
    lines = [entry(""), entry(""), entry("", "2026-11-27 09:00")]
    assert kinds(changes(lines, before, replace(HOW, ids_from=("start", "customer")))) == {}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, {}),  # the type of all that names none
        ({}, {"type_name": "termin"}),
        ({}, {"type_name": "T"}),
        ({"branch_code": "N"}, {"branch_code": "n"}),
        ({"branch_code": "N"}, {"branch_name": "Optik Nord"}),  # the file has no codes
        ({"branch_code": "Neu"}, {"branch_name": "Neu"}),
    ],
)
def test_the_parts_of_an_id_are_compared_as_the_schedule_has_them_whatever_a_file_calls_them(
    known: dict[str, Any], said: dict[str, str]
) -> None:
    """Else each import took everything in anew, and held what was there."""
    before = held(made_1=appointment(**known), made_2=appointment("2026-11-27 09:00", **known))
    branches = {"N": {"branch_code": "N", "name": "Optik Nord"}}
    before = replace(before, rows={**before.rows, "branches": branches})
    lines = [entry("", **said), entry("", "2026-11-27 09:00", **said)]
    found = changes(lines, before, replace(HOW, ids_from=("start", "customer", "type", "branch")))
    assert kinds(found) == {}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("start,customer", ("start", "customer")),
        (" Customer , START,type,", ("customer", "start", "type")),
        ("start", None),
        ("customer", None),
        ("", None),
        ("start,customer,name", None),
    ],
)
def test_ids_are_made_of_start_and_customer_at_least(text: str, parts: tuple[str, ...] | None) -> None:
    if parts is None:
        with pytest.raises(ConfigError, match=rf"start,customer, and with them type or branch; not '{text}'"):
            ids.parts_of(text)
    else:
        assert ids.parts_of(text) == parts


IDA, KURZ = "17", "18"


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        # Before: a at nine is Ida's, b at ten is Kurz's, c at eleven is Ida's.
        ([("a", "10:00", KURZ), ("b", "09:00", IDA)], True),  # both stand under the other's id
        ([("b", "09:00", IDA), ("d", "10:00", KURZ)], False),  # one does: staff may have swapped them
        (
            [("d", "09:00", IDA), ("e", "10:00", KURZ)],
            False,
        ),  # made anew under other ids; the old are nobody's
        ([("a", "11:00", IDA), ("c", "09:00", IDA)], False),  # she has changed her own two
    ],
)
def test_running_numbers_are_no_ids(lines: list[tuple[str, str, str]], refused: bool) -> None:
    ten, eleven = "2026-11-26 10:00", "2026-11-26 11:00"
    before = held(a=appointment(), b=appointment(ten, customer_id=KURZ), c=appointment(eleven))
    said = [entry(key, f"2026-11-26 {at}", customer) for key, at, customer in lines]
    if refused:
        with pytest.raises(
            ConfigError, match=r"^2 appointments stand under other ids .*they are running numbers"
        ):
            changes(said, before)
    else:
        changes(said, before)


def test_appointments_of_one_customer_at_one_time_have_not_shifted_where_one_of_them_moves() -> None:
    """Three chairs: which of them has the content of the one that moved, no id says."""
    before = held(a=appointment(), b=appointment(), c=appointment())
    for moved in "abc":
        said = [entry(key, "2026-11-26 10:00" if key == moved else "2026-11-26 09:00") for key in "abc"]
        assert kinds(changes(said, before)) == {moved: "changed"}


def test_what_an_import_calls_a_source_a_customer_and_a_line_is_the_same_in_every_version() -> None:
    """Else the first file after an upgrade would be another program's, and each refused line news again."""
    assert fetching.name_of("https://example.org/a.ics") == "example.org a5b2ae49959f"
    assert importing.hashed("a") == importing.hashed(b"a") == "ca978112ca1bbdcafac231b39a23dc4d"
    assert people.made_id("a", ()) == "file-ca978112ca1bbdca"
    assert entries.key_of(["a", "b"]) == "59b271ae1bbcb1d3"
    assert csv_cells.table(b" Termin-ID;Beginn\n").signature == "beginn|termin-id"
