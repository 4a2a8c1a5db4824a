"""`schedule import`: from an export to the message, on either kind of database."""

import pytest

from practice import Practice, Ran

HEADINGS = "Termin-ID;Datum;Uhrzeit;Ende;Terminart;Filiale;Kundennummer;Anrede;Vorname;Nachname;Handy"
IDA = "4711;25.11.2026;9:00;9:30;Sehtest;HH1;7;Frau;Ida;Kühn;0171 5555555"
OTHERS = [f"{n};26.11.2026;10:00;;Sehtest;HH1;{n};Herr;Max;Muster{n};0171 55551{n}" for n in range(10, 19)]


@pytest.fixture
def own_practice(either_practice: Practice) -> Practice:
    """A practice whose schedule is the tool's own."""
    either_practice.sql("DROP TABLE reminder_appointments")
    assert either_practice.run("schedule", "init").exit_code == 0
    return either_practice


def bring(practice: Practice, *lines: str, options: tuple[str, ...] = (), name: str = "export.csv") -> Ran:
    path = practice.folder / name
    path.write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))
    return practice.run("schedule", "import", str(path), *options)


def counts(new: int = 0, changed: int = 0, cancelled: int = 0, held: int = 0, unchanged: int = 0) -> str:
    return f"{new} new, {changed} changed, {cancelled} cancelled, {held} held, {unchanged} unchanged, "


def test_what_was_imported_is_what_a_run_would_tell(own_practice: Practice) -> None:
    ran = bring(own_practice, HEADINGS, IDA, *OTHERS)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert counts(new=10) + "0 refused" in ran.stdout
    (message,) = own_practice.dry_run().json["messages"]
    assert (message["appointment_ids"], message["recipient"]) == (["4711"], "+491715555555")
    assert "Frau Kühn" in message["text"]
    assert "09:00" in message["text"]


def test_a_second_import_changes_nothing(own_practice: Practice) -> None:
    bring(own_practice, HEADINGS, IDA, *OTHERS)

    def rows() -> list[object]:
        tables = ("customers", "branches", "appointment_types", "appointments", "import_rows")
        return [own_practice.sql(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    before = rows()
    again = bring(own_practice, HEADINGS, IDA, *OTHERS)
    assert again.exit_code == 0
    assert counts(unchanged=10) in again.stdout
    assert rows() == before


def test_moved_gone_and_refused_reach_the_run(own_practice: Practice) -> None:
    bring(own_practice, HEADINGS, IDA, *OTHERS)
    moved = IDA.replace("9:00;9:30", "9:45;")
    ran = bring(own_practice, HEADINGS, moved, *OTHERS[:-2], "99;bald;;;;;;;Ute;Neu;;", OTHERS[-1])
    assert ran.exit_code == 1
    assert counts(changed=1, held=1, unchanged=8) + "1 refused" in ran.stdout
    for words in ("moved from 2026-11-25 09:00", "gone from the file", "starts_at: "):
        assert words in ran.stdout
    (message,) = own_practice.dry_run().json["messages"]
    assert "09:45" in message["text"]
    bring(own_practice, HEADINGS, moved, *OTHERS[:-2], OTHERS[-1])
    rows = own_practice.sql(
        "SELECT appointment_id, import_state FROM appointments WHERE status = 'Storniert'"
    )
    assert [tuple(row) for row in rows] == [("17", "gone")]


def test_a_file_that_loses_more_than_a_fifth_waits_for_force(own_practice: Practice) -> None:
    bring(own_practice, HEADINGS, IDA, *OTHERS)
    few = (HEADINGS, IDA, *OTHERS[:-6])
    refused = bring(own_practice, *few)
    assert refused.exit_code == 1
    assert "6 of the 10 appointments that the file covers" in refused.stdout
    cancelled = "SELECT count(*) FROM appointments WHERE status = 'Storniert'"
    assert own_practice.sql(cancelled) == [(0,)]
    dry = bring(own_practice, *few, options=("--dry-run", "--force"))
    assert (dry.exit_code, "Nothing was written." in dry.stdout) == (0, True)
    assert own_practice.sql(cancelled) == [(0,)]
    assert bring(own_practice, *few, options=("--force",)).exit_code == 0
    assert own_practice.sql(cancelled) == [(6,)]


def test_a_calendar_is_imported_and_its_cancelled_event_is_not_told(own_practice: Practice) -> None:
    def event(uid: str, *more: str) -> list[str]:
        start = "DTSTART;TZID=Europe/Berlin:20261125T090000"
        who = f"DESCRIPTION:Name: Frau {uid}\\nMobil: 0171 5555555"
        return ["BEGIN:VEVENT", f"UID:{uid}", start, who, *more, "END:VEVENT"]

    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *event("ja"),
        *event("nein", "STATUS:CANCELLED"),
        "END:VCALENDAR",
    ]
    ran = bring(own_practice, *lines, name="praxis.ics", options=("--branch", "HH1"))
    assert (ran.exit_code, ran.stderr) == (0, "")
    found = own_practice.dry_run()
    assert [message["appointment_ids"] for message in found.json["messages"]] == [["ja"]]
    assert found.reasons == {"nein": "status_excluded"}


def test_as_a_process_it_imports_and_refuses_what_it_cannot_take(practice: Practice) -> None:
    path = practice.folder / "export.csv"
    path.write_text("Kennung;start;Name;Handy\n1;2099-11-25 09:00;Ida;0171 5555555\n", encoding="utf-8")
    mapping = ("--mapping", "appointment_id=Kennung")
    unfit = practice.process("schedule", "import", str(path), *mapping)
    assert unfit.exit_code == 3
    assert "`schedule init` makes an own one" in unfit.stderr
    practice.sql("DROP TABLE reminder_appointments")
    assert practice.process("schedule", "init").exit_code == 0
    for options, words in (
        ((str(path),), "no heading means appointment_id"),
        (("missing.csv",), "does not exist"),
        ((), "takes a FILE"),
        ((str(path), "--mapping", "Kennung"), "COLUMN=HEADING"),
        ((str(path), "--id-from", "start"), "start,customer"),
        ((str(path), "--from", "gestern", *mapping), "no date"),
    ):
        ran = practice.process("schedule", "import", *options)
        assert (ran.exit_code, ran.stdout) == (2, ""), ran
        assert words in ran.stderr
    done = practice.process("schedule", "import", str(path), *mapping)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 new" in done.stdout


def test_two_imports_at_a_time_bring_each_appointment_once(own_practice: Practice) -> None:
    path = own_practice.folder / "export.csv"
    path.write_bytes("\n".join([HEADINGS, IDA, *OTHERS]).encode())
    running = [own_practice.start("schedule", "import", str(path)) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert own_practice.sql("SELECT count(*) FROM appointments") == [(10,)]


def test_a_folder_of_any_name_is_a_source(own_practice: Practice) -> None:
    folder = own_practice.folder / "Pr\udcfcfung"  # in Latin-1, which no database takes as text
    folder.mkdir()
    assert bring(own_practice, HEADINGS, IDA, name=f"{folder.name}/Pl\udce4ne.csv").exit_code == 0


@pytest.mark.parametrize("option", ["--source", "--branch", "--type"])
def test_an_option_that_is_no_text_is_wrong_usage(own_practice: Practice, option: str) -> None:
    ran = bring(own_practice, HEADINGS, IDA, options=(option, "Pr\udcfcfung"))
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "is no text in UTF-8" in ran.stderr


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        # The last one counted: whether somebody is told hung on the order of a cron line's options.
        ("Verlegt=cancelled", "verlegt=stands", '"verlegt" cannot be "cancelled" and "stands" at once'),
        ("Verlegt=stands", "Verlegt=stands", ""),
        ("Verlegt=stands", "Geplant=cancelled", ""),
    ],
)
def test_a_status_that_is_given_two_meanings_is_wrong_usage(
    own_practice: Practice, first: str, second: str, words: str
) -> None:
    options = ("--dry-run", "--status", first, "--status", second)
    ran = bring(own_practice, HEADINGS, IDA, options=options)
    assert (ran.exit_code, words in ran.stderr) == (2 if words else 0, True)
    assert bool(ran.stderr) == bool(words)
