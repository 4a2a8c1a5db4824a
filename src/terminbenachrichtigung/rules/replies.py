"""What a customer's answer means, which message it answers, and what follows from it (contract, section 9).

Where that is not sure, a person reads the answer, word for word.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations

from terminbenachrichtigung.contact.names import same_name
from terminbenachrichtigung.contact.phone import number_key, number_keys
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.journal import CANCELLATION, JournalReply, Notification
from terminbenachrichtigung.model.reply import Answer, NewReply, Reply, ReplyKind, ReplyNote, SentSms
from terminbenachrichtigung.rules.people import same_person

ANSWERED_WITHIN = timedelta(days=7)
"""How long after a message a reply from its number answers it, where the gateway names no message."""
_CLOCKS_APART = timedelta(minutes=10)
"""How far our clock and the gateway's may differ: a reply cannot come before what it answers."""

_WORDS = {
    **dict.fromkeys(("ja", "ok", "okay", "bestätigt", "yes", "oui", "1"), Answer.YES),
    **dict.fromkeys(
        ("nein", "absage", "absagen", "storno", "stornieren", "no", "non", "cancel", "2"), Answer.NO
    ),
    **dict.fromkeys(("stop", "stopp", "abmelden", "unsubscribe", "arrêt"), Answer.STOP),
}
_POLITE = frozenset({"bitte", "danke", "gerne", "please", "thanks", "merci"})
_DECIDES = (Answer.YES, Answer.NO)


def understood(text: str) -> Answer:
    """What an answer says, if it says nothing else.

    All its words must be of one kind; only a please or a thank you may stand beside them. So "Ja, aber eine
    Stunde später" is no yes. What is not understood goes to a person, word for word.
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())
    kinds = {_WORDS.get(word, Answer.OTHER) for word in words if word not in _POLITE}
    return kinds.pop() if len(kinds) == 1 else Answer.OTHER


# ---------------------------------------------------------------- which message it answers


def read_reply(reply: Reply, by_job: Mapping[str, SentSms], to_numbers: Iterable[SentSms]) -> NewReply:
    """A reply with what it means, the message that it answers, and who is not to be written to any more.

    Args:
        reply: as the gateway hands it out.
        by_job: our messages by the gateway's own ids.
        to_numbers: all messages in the journal that went to its number, whoever the customer was.
    """
    answer = understood(reply.text)
    message = by_job.get(reply.job_id) if reply.job_id else _newest_to_number(reply, to_numbers)
    opts_out: tuple[str, ...] = ()
    if answer is Answer.STOP:
        asked = (reply.sender, message.recipient) if message else (reply.sender,)
        opts_out = tuple(dict.fromkeys(filter(None, asked)))
    return NewReply(reply, answer, message.message_id if message else None, opts_out)


def _newest_to_number(reply: Reply, to_numbers: Iterable[SentSms]) -> SentSms | None:
    """The newest message that the reply can answer; None where that is not sure.

    A number that several customers share decides nothing by itself. Nor does a reply whose moment is so
    unsure that it may answer one message or the next.
    """
    theirs = [each for each in to_numbers if each.recipient == reply.sender]
    if not theirs or not _is_one_person(theirs):
        return None
    latest, earliest = (_newest_at(reply, theirs, earlier) for earlier in (timedelta(), reply.unsure))
    between = [each for each in theirs if _may_lie_between(reply, each)]
    return latest if {latest, earliest, *between} <= {latest, None} else None


def _may_lie_between(reply: Reply, message: SentSms) -> bool:
    """Whether nobody can say if the reply came before or after a message."""
    earliest = reply.received_at - reply.unsure
    return earliest < message.sent_at <= reply.received_at + _CLOCKS_APART and reply.unsure > timedelta()


def _newest_at(reply: Reply, theirs: Sequence[SentSms], earlier: timedelta) -> SentSms | None:
    moment = reply.received_at - earlier
    near = [each for each in theirs if moment - ANSWERED_WITHIN <= each.sent_at <= moment + _CLOCKS_APART]
    return max(near, key=lambda each: (each.sent_at, each.message_id), default=None)


def _is_one_person(theirs: Sequence[SentSms]) -> bool:
    """Whether all are one customer's: by the id, or by the name where a record was merged.

    Each with each: `Berger` alone may be Anna Berger or Otto Berger, who are two.
    """
    people = {(each.customer_id, each.name) for each in theirs}
    return all(one == other or same_name(name, its) for (one, name), (other, its) in combinations(people, 2))


# ---------------------------------------------------------------- what comes of it


def decision(replies: Iterable[JournalReply]) -> JournalReply | None:
    """Which of several replies counts: the last yes or no. A stop concerns the number alone."""
    decided = [each for each in replies if each.answer in _DECIDES and not _is_off(each)]
    return max(decided, key=_order, default=None)


def needs_reading(reply: JournalReply) -> bool:
    """Whether a person must read it: it was not understood, or it says no to a cancellation."""
    unclear = reply.answer is Answer.OTHER or (reply.answer is Answer.NO and _is_off(reply))
    return unclear and reply.sender != ""  # nobody can read what was forgotten


def _is_off(reply: JournalReply) -> bool:
    """Whether it answers the message that an appointment is off: an "ok" to that confirms nothing."""
    return any(told.reminder == CANCELLATION for told in reply.about)


def _order(reply: JournalReply) -> tuple[object, ...]:
    return reply.received_at, reply.reply_id


def is_theirs(reply: JournalReply, told: Notification, row: Appointment, key: bytes) -> bool:
    """Whether a row's present person gave a reply to what was told, of this appointment or of another id.

    Calendar programs delete a row and make it anew, and a record may have been merged with another since:
    then the name says who answered, and the number.
    """
    if told.customer_id == row.customer_id:
        return True
    known = told.appointment_id == row.appointment_id or number_key(reply.sender) in number_keys(
        row.mobile, row.phone
    )
    return known and same_person(told, row, key)


class Replies:
    """What customers answered about the starts that a run looks at."""

    def __init__(self, replies: Iterable[JournalReply], name_key: bytes) -> None:
        self._key = name_key
        self._by_start: dict[object, list[JournalReply]] = {}
        for reply in replies:
            for start in {told.starts_at for told in reply.about}:
                self._by_start.setdefault(start, []).append(reply)

    def about(self, row: Appointment) -> Sequence[JournalReply]:
        """What the present person answered about the present start, oldest first."""
        start = to_the_minute(row.starts_at)
        found = self._by_start.get(start)
        if not found:
            return ()
        return [
            reply
            for reply in found
            if any(
                told.starts_at == start
                and not told.revoked  # the customer has been told since that it is off
                and is_theirs(reply, told, row, self._key)
                for told in reply.about
            )
        ]

    def confirmed(self, row: Appointment) -> JournalReply | None:
        """The yes of the present person to the present start, if it counts."""
        held = decision(self.about(row))
        return held if held is not None and held.answer is Answer.YES else None


def notes(replies: Sequence[JournalReply]) -> Iterator[ReplyNote]:
    """What came of each reply that no report has named yet; one of the others may count in its place."""
    for reply in replies:
        if not reply.told:
            beside = [each for each in replies if each.message_id == reply.message_id]
            yield ReplyNote(
                reply.reply_id,
                _kind(reply, beside),
                reply.sender,
                reply.received_at,
                reply.text,
                reply.about[0].customer_id if reply.about else None,
                tuple(dict.fromkeys(told.appointment_id for told in reply.about)),
            )


def _kind(reply: JournalReply, beside: Collection[JournalReply]) -> ReplyKind:
    match reply.answer:
        case Answer.STOP:
            return ReplyKind.OPTED_OUT
        case _ if reply.message_id is None:
            return ReplyKind.REPLY
        case _ if needs_reading(reply):
            return ReplyKind.REPLY
        case _ if decision(beside) is not reply:
            return ReplyKind.NOTED
        case Answer.YES:
            return ReplyKind.NOTED if reply.came_too_late else ReplyKind.CONFIRMED
        case _:
            return ReplyKind.REPLY if reply.came_too_late else ReplyKind.WANTS_TO_CANCEL
