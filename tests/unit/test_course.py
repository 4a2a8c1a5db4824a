"""What happens next to a message, attempt by attempt (contract, section 3, *What follows*)."""

from collections.abc import Sequence
from typing import Literal

import pytest

from terminbenachrichtigung.clock import TIMINGS
from terminbenachrichtigung.delivery.next_step import End, Try, next_step
from terminbenachrichtigung.model.delivery import Attempt, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Route

SMS = Route(Channel.SMS, "+491715555555")
EMAIL = Route(Channel.EMAIL, "anna@example.org")
BOTH = (SMS, EMAIL)

SENT = Sent("JobId 1")
REJECTED = Rejected("NoRecipientFound")
DOWN = Unavailable("HTTP 503")
MOVED = Unavailable("HTTP 301", again=False)
LOCKED = Unavailable("AccountLocked", account_error=True, again=False)
NO_ANSWER = Unknown("read timeout")

FIRST = Try(SMS)
MAIL = Try(EMAIL)
Step = Try | End
Tried = tuple[Route, Outcome]


def step(
    routes: Sequence[Route],
    tried: Sequence[Tried],
    closed: Sequence[Channel] = (),
    on_unknown: Literal["hold", "fallback"] = "hold",
) -> Step:
    return next_step(
        routes, [Attempt(route, outcome) for route, outcome in tried], closed, on_unknown, TIMINGS.pauses
    )


def ends(outcome: MessageOutcome) -> End:
    return End(outcome)


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param([], FIRST, id="the first channel, at once"),
        pytest.param([(SMS, SENT)], ends(MessageOutcome.SENT), id="sent"),
        # unavailable: three tries, pauses of 1 s and 4 s, then the next channel
        pytest.param([(SMS, DOWN)], Try(SMS, 1.0), id="a second try after a second"),
        pytest.param([(SMS, DOWN)] * 2, Try(SMS, 4.0), id="a third try after four more"),
        pytest.param([(SMS, DOWN)] * 3, MAIL, id="never a fourth"),
        pytest.param([(SMS, DOWN), (SMS, SENT)], ends(MessageOutcome.SENT), id="sent at the second try"),
        pytest.param([(SMS, DOWN)] * 3 + [(EMAIL, DOWN)], Try(EMAIL, 1.0), id="each channel has three tries"),
        pytest.param([(SMS, DOWN)] * 3 + [(EMAIL, SENT)], ends(MessageOutcome.SENT), id="sent by e-mail"),
        pytest.param([(SMS, MOVED)], MAIL, id="not again after HTTP 3xx"),
        pytest.param([(SMS, DOWN), (SMS, MOVED)], MAIL, id="not again after HTTP 3xx at the second try"),
        pytest.param([(SMS, LOCKED)], MAIL, id="not again after an account error"),
        pytest.param(
            [(SMS, Unavailable("IPLock", account_error=True))], MAIL, id="whatever the adapter says to it"
        ),
        # rejected: the next channel at once
        pytest.param([(SMS, REJECTED)], MAIL, id="rejected"),
        pytest.param([(SMS, DOWN), (SMS, REJECTED)], MAIL, id="rejected at the second try"),
        pytest.param([(SMS, REJECTED), (EMAIL, SENT)], ends(MessageOutcome.SENT), id="rejected, then sent"),
        # unknown: never again on that channel, and with "hold" on no other
        pytest.param([(SMS, NO_ANSWER)], ends(MessageOutcome.UNKNOWN), id="unknown is held"),
        pytest.param(
            [(SMS, DOWN), (SMS, NO_ANSWER)], ends(MessageOutcome.UNKNOWN), id="unknown at the second try"
        ),
        pytest.param(
            [(SMS, REJECTED), (EMAIL, NO_ANSWER)], ends(MessageOutcome.UNKNOWN), id="unknown by e-mail"
        ),
        # with no channel left: any unknown, else any unavailable, else failed
        pytest.param(
            [(SMS, REJECTED), (EMAIL, REJECTED)], ends(MessageOutcome.FAILED), id="rejected everywhere"
        ),
        pytest.param(
            [(SMS, DOWN)] * 3 + [(EMAIL, REJECTED)], ends(MessageOutcome.RETRY), id="down, then rejected"
        ),
        pytest.param(
            [(SMS, REJECTED)] + [(EMAIL, DOWN)] * 3, ends(MessageOutcome.RETRY), id="rejected, then down"
        ),
        pytest.param([(SMS, MOVED), (EMAIL, MOVED)], ends(MessageOutcome.RETRY), id="down everywhere"),
        pytest.param(
            [(SMS, DOWN), (SMS, REJECTED), (EMAIL, REJECTED)],
            ends(MessageOutcome.FAILED),
            id="the last word of a channel counts",
        ),
    ],
)
def test_by_sms_then_email(tried: Sequence[Tried], expected: Step) -> None:
    assert step(BOTH, tried) == expected


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param([(SMS, NO_ANSWER)], MAIL, id="the next channel"),
        pytest.param([(SMS, NO_ANSWER), (EMAIL, SENT)], ends(MessageOutcome.SENT), id="sent by it"),
        pytest.param(
            [(SMS, NO_ANSWER), (EMAIL, DOWN)], Try(EMAIL, 1.0), id="which may try again, but not SMS"
        ),
        pytest.param([(SMS, NO_ANSWER)] + [(EMAIL, DOWN)] * 3, ends(MessageOutcome.UNKNOWN), id="down"),
        pytest.param([(SMS, NO_ANSWER), (EMAIL, REJECTED)], ends(MessageOutcome.UNKNOWN), id="rejected"),
        pytest.param([(SMS, NO_ANSWER), (EMAIL, NO_ANSWER)], ends(MessageOutcome.UNKNOWN), id="unknown"),
        pytest.param([(SMS, REJECTED), (EMAIL, NO_ANSWER)], ends(MessageOutcome.UNKNOWN), id="none left"),
    ],
)
def test_with_fallback_an_unknown_lets_the_next_channel_try(tried: Sequence[Tried], expected: Step) -> None:
    assert step(BOTH, tried, on_unknown="fallback") == expected


@pytest.mark.parametrize(
    ("tried", "closed", "expected"),
    [
        pytest.param([], [Channel.SMS], MAIL, id="passes over a closed channel"),
        pytest.param([], [Channel.EMAIL], FIRST, id="another channel's closing is no matter"),
        pytest.param([], [Channel.SMS, Channel.EMAIL], ends(MessageOutcome.DEFERRED), id="no attempt at all"),
        pytest.param([(SMS, DOWN)], [Channel.SMS], MAIL, id="no second try on a closed channel"),
        pytest.param([(SMS, LOCKED)], [Channel.SMS], MAIL, id="the account error that closed it"),
        pytest.param([(SMS, SENT)], [Channel.SMS], ends(MessageOutcome.SENT), id="what was sent is sent"),
        pytest.param([(SMS, NO_ANSWER)], [Channel.SMS], ends(MessageOutcome.UNKNOWN), id="unknown stays"),
        # a channel closed before its attempt counts as unavailable
        pytest.param([(SMS, REJECTED)], [Channel.EMAIL], ends(MessageOutcome.RETRY), id="rejected, closed"),
        pytest.param([(EMAIL, REJECTED)], [Channel.SMS], ends(MessageOutcome.RETRY), id="closed, rejected"),
        pytest.param([(SMS, DOWN)] * 3, [Channel.EMAIL], ends(MessageOutcome.RETRY), id="down, closed"),
        pytest.param(
            [(SMS, REJECTED), (EMAIL, REJECTED)],
            [Channel.SMS, Channel.EMAIL],
            ends(MessageOutcome.FAILED),
            id="closed after both attempts",
        ),
    ],
)
def test_a_closed_channel_is_not_tried(
    tried: Sequence[Tried], closed: Sequence[Channel], expected: Step
) -> None:
    assert step(BOTH, tried, closed) == expected


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        ([], FIRST),
        ([(SMS, DOWN)] * 3, ends(MessageOutcome.RETRY)),
        ([(SMS, REJECTED)], ends(MessageOutcome.FAILED)),
        ([(SMS, NO_ANSWER)], ends(MessageOutcome.UNKNOWN)),
        ([(SMS, SENT)], ends(MessageOutcome.SENT)),
    ],
)
@pytest.mark.parametrize("on_unknown", ["hold", "fallback"])
def test_by_one_channel_only(
    tried: Sequence[Tried], on_unknown: Literal["hold", "fallback"], expected: Step
) -> None:
    assert step([SMS], tried, on_unknown=on_unknown) == expected


def test_nothing_is_sent_twice_on_a_channel_whatever_happens() -> None:
    """All courses of up to eight attempts: no channel is tried again once it may have accepted."""
    answers: list[Outcome] = [SENT, REJECTED, DOWN, MOVED, LOCKED, NO_ANSWER]
    courses = 0

    def follow(tried: list[Tried], on_unknown: Literal["hold", "fallback"]) -> None:
        nonlocal courses
        now = step(BOTH, tried, on_unknown=on_unknown)
        accepted = {route for route, outcome in tried if isinstance(outcome, Sent | Unknown)}
        if isinstance(now, End):
            courses += 1
            told = any(isinstance(outcome, Sent) for _, outcome in tried)
            assert (now.outcome is MessageOutcome.SENT) == told
            return
        assert now.route not in accepted
        assert len([1 for route, _ in tried if route == now.route]) < 3
        for answer in answers:
            follow([*tried, (now.route, answer)], on_unknown)

    follow([], "hold")
    follow([], "fallback")
    assert courses > 100
