"""What the words of an answer are understood as, and which message it answers (contract, section 9)."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from terminbenachrichtigung.model.journal import CANCELLATION, JournalReply, Notification, State
from terminbenachrichtigung.model.reply import Answer, Reply, ReplyKind, SentSms
from terminbenachrichtigung.rules.replies import decision, needs_reading, notes, read_reply, understood

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NUMBER, OTHER_NUMBER = "+491715555555", "+491716666666"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANNA = frozenset({"anna", "berger"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # every word of the contract, and no case, space or punctuation
        *((word, Answer.YES) for word in ("ja", "JA!", " ok. ", "Okay", "bestätigt", "Yes", "oui", "1")),
        *((word, Answer.NO) for word in ("nein", "Absage", "absagen!!", "Storno", "stornieren")),
        *((word, Answer.NO) for word in ("no", "Non.", "cancel", "2")),
        *((word, Answer.STOP) for word in ("STOP", "stopp", "Abmelden", "unsubscribe", "arrêt")),
        (unicodedata.normalize("NFD", "bestätigt"), Answer.YES),  # as some telephones write an umlaut
        (unicodedata.normalize("NFD", "Arrêt"), Answer.STOP),
        ('"Ja"', Answer.YES),
        ("Ja 👍", Answer.YES),
        ("ja\nok", Answer.YES),
        ("Ja, danke", Answer.YES),
        ("Nein danke", Answer.NO),
        ("Bitte absagen", Answer.NO),
        ("STOP STOP", Answer.STOP),
        # a person reads these
        ("", Answer.OTHER),
        ("👍", Answer.OTHER),
        ("danke", Answer.OTHER),
        ("Ja, aber bitte eine Stunde später", Answer.OTHER),
        ("ja nein", Answer.OTHER),
        ("ok stop", Answer.OTHER),
        ("jaja", Answer.OTHER),  # whole words
        ("Janein", Answer.OTHER),
        ("Nordbahnhof", Answer.OTHER),
        ("12", Answer.OTHER),
        ("1 2", Answer.OTHER),
        ("Wer ist das?", Answer.OTHER),
        ("nein das passt", Answer.OTHER),
    ],
)
def test_an_answer_is_understood_only_where_nothing_else_stands_in_it(text: str, expected: Answer) -> None:
    assert understood(text) is expected


# ---------------------------------------------------------------- which message it answers


def sms(
    message_id: str,
    ago: timedelta,
    customer: str = "17",
    name: frozenset[str] = ANNA,
    recipient: str = NUMBER,
) -> SentSms:
    return SentSms(message_id, customer, name, recipient, NOW - ago)


UNNAMED = [
    # messages to the number; so unsure is the reply's moment; which one it answers
    ([], 0 * HOUR, None),
    ([sms("a", HOUR)], 0 * HOUR, "a"),
    ([sms("a", HOUR), sms("b", 2 * HOUR)], 0 * HOUR, "a"),  # the newest
    ([sms("b", 2 * HOUR), sms("a", HOUR)], 0 * HOUR, "a"),
    ([sms("a", HOUR, recipient=OTHER_NUMBER)], 0 * HOUR, None),
    # seven days, and not a minute more
    ([sms("a", 7 * DAY)], 0 * HOUR, "a"),
    ([sms("a", 7 * DAY + MINUTE)], 0 * HOUR, None),
    # a reply cannot come before what it answers, but for clocks that are apart
    ([sms("a", -9 * MINUTE)], 0 * HOUR, "a"),
    ([sms("a", -10 * MINUTE)], 0 * HOUR, "a"),
    ([sms("a", -11 * MINUTE)], 0 * HOUR, None),
    ([sms("later", -HOUR), sms("a", DAY)], 0 * HOUR, "a"),
    # a number that several share
    ([sms("a", HOUR), sms("b", DAY, "18", frozenset({"otto", "berger"}))], 0 * HOUR, None),
    ([sms("a", HOUR), sms("b", 90 * DAY, "18", frozenset({"otto"}))], 0 * HOUR, None),  # since long ago
    ([sms("a", HOUR), sms("b", DAY, "18")], 0 * HOUR, "a"),  # one person under two ids
    ([sms("a", HOUR), sms("b", DAY, "18", frozenset({"berger"}))], 0 * HOUR, "a"),
    ([sms("a", HOUR, "17", frozenset()), sms("b", DAY, "18", frozenset())], 0 * HOUR, None),  # nobody's name
    ([sms("a", HOUR, name=frozenset()), sms("b", DAY, name=frozenset())], 0 * HOUR, "a"),  # one id
    ([sms("a", HOUR), sms("b", DAY, name=frozenset({"kurz"}))], 0 * HOUR, "a"),  # one id, a new name
    *(
        (order, 0 * HOUR, None)  # the family's name may be either of two
        for order in permutations(
            [
                sms("a", HOUR, "19", frozenset({"berger"})),
                sms("b", DAY),
                sms("c", 2 * DAY, "18", frozenset({"otto", "berger"})),
            ]
        )
    ),
    # a moment that is not sure
    ([sms("a", HOUR)], 2 * HOUR, "a"),  # no other can be meant
    ([sms("a", HOUR), sms("b", 4 * HOUR)], 2 * HOUR, None),
    ([sms("a", 3 * HOUR), sms("b", 4 * HOUR)], 2 * HOUR, "a"),  # either way the same
    ([sms("a", HOUR), sms("b", 4 * DAY)], 7 * DAY, None),  # it may have come between the two
    ([sms("a", HOUR), sms("b", 90 * MINUTE)], 2 * HOUR, None),
    ([sms("a", HOUR), sms("b", 8 * DAY)], 7 * DAY, None),
    ([sms("a", 5 * MINUTE), sms("b", 8 * MINUTE)], 2 * HOUR, None),  # both within minutes of it
    ([sms("a", 115 * MINUTE), sms("b", 2 * HOUR)], 2 * HOUR, "a"),  # never before what was sent by then
]


@pytest.mark.parametrize(("messages", "unsure", "expected"), UNNAMED)
def test_without_a_message_s_id_the_newest_to_the_number_is_meant(
    messages: Sequence[SentSms], unsure: timedelta, expected: str | None
) -> None:
    found = read_reply(Reply("r", NUMBER, "ja", NOW, unsure=unsure), {}, messages)
    assert (found.message_id, found.answer, found.opts_out) == (expected, Answer.YES, ())


def test_the_message_that_the_gateway_names_decides() -> None:
    others = [sms("newest", HOUR), sms("another's", HOUR, "18", frozenset({"otto"}))]
    named = {"77": sms("a", 30 * DAY)}
    assert read_reply(Reply("r", NUMBER, "nein", NOW, "77"), named, others).message_id == "a"
    # It names one that is not ours: other software's, on the same account.
    assert read_reply(Reply("r", NUMBER, "nein", NOW, "78"), named, others).message_id is None


def test_stop_is_about_the_number_whoever_it_is() -> None:
    stranger = read_reply(Reply("r", OTHER_NUMBER, "STOP", NOW), {}, [])
    assert (stranger.message_id, stranger.opts_out) == (None, (OTHER_NUMBER,))
    forwarded = read_reply(Reply("r", OTHER_NUMBER, "stop", NOW, "77"), {"77": sms("a", HOUR)}, [])
    assert forwarded.opts_out == (OTHER_NUMBER, NUMBER)
    own = read_reply(Reply("r", NUMBER, "stop", NOW, "77"), {"77": sms("a", HOUR)}, [])
    assert own.opts_out == (NUMBER,)


# ---------------------------------------------------------------- what comes of it

TOLD = Notification("Terminerinnerung", "1", 1, "17", NOW + DAY, State.SENT, "m", NOW - DAY)


def kept(
    answer: Answer, minutes: int = 0, *, told: bool = False, message: str | None = "m", reminder: str = ""
) -> JournalReply:
    about = (replace(TOLD, reminder=reminder or TOLD.reminder),) if message else ()
    name = f"{answer}{minutes:02}"
    return JournalReply(
        name, NUMBER, answer, answer, NOW + minutes * MINUTE, message, about, told=told, noted_at=NOW
    )


def late(answer: Answer) -> JournalReply:
    """Fetched when the appointment had begun."""
    return replace(kept(answer), noted_at=TOLD.starts_at)


YES, NO, STOP, OTHER = Answer.YES, Answer.NO, Answer.STOP, Answer.OTHER
CAME_OF_IT = [
    # what was answered, oldest first; what a report says of each that none has named
    ([kept(YES)], ["confirmed"]),
    ([kept(NO)], ["wants_to_cancel"]),
    ([kept(STOP)], ["opted_out"]),
    ([kept(OTHER)], ["reply"]),
    ([kept(NO), kept(YES, 1)], ["noted", "confirmed"]),
    ([kept(YES), kept(NO, 1)], ["noted", "wants_to_cancel"]),
    ([kept(NO), kept(OTHER, 1)], ["wants_to_cancel", "reply"]),
    ([kept(NO), kept(STOP, 1)], ["wants_to_cancel", "opted_out"]),  # a stop takes no wish back
    ([kept(NO), kept(YES, 1, told=True)], ["noted"]),  # it was handed out late
    ([kept(YES, told=True), kept(NO, 1)], ["wants_to_cancel"]),
    ([kept(NO), kept(NO, 1)], ["noted", "wants_to_cancel"]),
    ([kept(NO, told=True)], []),
    ([kept(YES, message=None)], ["reply"]),
    ([kept(NO, message=None)], ["reply"]),
    ([kept(STOP, message=None)], ["opted_out"]),
    ([kept(NO, message=None), kept(YES, 1, message=None)], ["reply", "reply"]),
    ([kept(NO), kept(YES, 1, message="n")], ["wants_to_cancel", "confirmed"]),  # about another appointment
    ([replace(kept(OTHER), sender="", text="")], ["noted"]),  # forgotten before a report named it
    # when all was over
    ([late(YES)], ["noted"]),
    ([late(NO)], ["reply"]),
    ([late(OTHER)], ["reply"]),
    ([late(STOP)], ["opted_out"]),
    # to the message that the appointment is off
    ([kept(YES, reminder=CANCELLATION)], ["noted"]),
    ([kept(NO, reminder=CANCELLATION)], ["reply"]),
    ([kept(OTHER, reminder=CANCELLATION)], ["reply"]),
]


@pytest.mark.parametrize(("replies", "kinds"), CAME_OF_IT)
def test_what_comes_of_an_answer(replies: list[JournalReply], kinds: list[str]) -> None:
    assert [note.kind for note in notes(replies)] == [ReplyKind(kind) for kind in kinds]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (kept(OTHER), True),
        (kept(OTHER, message=None), True),
        (kept(YES), False),
        (kept(NO), False),  # the staff list has it as a wish to cancel
        (kept(STOP), False),
        (kept(NO, reminder=CANCELLATION), True),  # no to the message that it is off
        (kept(YES, reminder=CANCELLATION), False),
        (replace(kept(OTHER), sender="", text=""), False),  # nobody can read what was forgotten
    ],
)
def test_what_a_person_must_read(reply: JournalReply, expected: bool) -> None:
    assert needs_reading(reply) is expected


def test_of_two_at_the_same_moment_the_same_one_holds_whatever_their_order() -> None:
    one, other = kept(YES), kept(NO)
    held = decision([one, other])
    assert held is not None
    assert held == decision([other, one])


def test_a_note_says_whom_it_is_about() -> None:
    (note,) = notes([kept(NO)])
    assert (note.customer_id, note.appointment_ids, note.sender) == ("17", ("1",), NUMBER)
    (stray,) = notes([kept(NO, message=None)])
    assert (stray.customer_id, stray.appointment_ids) == (None, ())
