"""When a channel is closed for the rest of a run (contract, section 3, *What follows*)."""

import pytest

from terminbenachrichtigung.delivery.circuits import Circuits
from terminbenachrichtigung.model.delivery import Attempt, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel, Route

DOWN = Unavailable("HTTP 503")
NO_ANSWER = Unknown("read timeout")
GREYLISTED = Unavailable("450 try later", recipient_only=True)
REJECTED = Rejected("NoRecipientFound")
STRANGE = Rejected("Kontingent", unheard_word="Kontingent")


class Run:
    """Counts messages, each with a recipient of its own."""

    def __init__(self) -> None:
        self.circuits = Circuits()
        self.messages = 0

    def note(
        self,
        outcome: Outcome,
        channel: Channel = Channel.SMS,
        recipient: str | None = None,
        *,
        leaves: bool = True,
    ) -> list[str]:
        self.messages += 1
        route = Route(channel, recipient or f"recipient {self.messages}")
        return self.circuits.note(f"m{self.messages}", Attempt(route, outcome), leaves_channel=leaves)

    @property
    def closed(self) -> set[Channel]:
        return set(self.circuits.closed)


# ---------------------------------------------------------------- five in a row


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([DOWN] * 5, id="unavailable"),
        pytest.param([NO_ANSWER] * 5, id="unknown"),
        pytest.param([DOWN, NO_ANSWER, DOWN, NO_ANSWER, DOWN], id="both"),
        pytest.param([Sent(), *[DOWN] * 5], id="after one that was sent"),
        # neither one way nor the other: a mail server's 4xx to one recipient
        pytest.param([DOWN, DOWN, GREYLISTED, DOWN, DOWN, GREYLISTED, DOWN], id="with greylisting between"),
    ],
)
def test_five_messages_in_a_row_close_the_channel(outcomes: list[Outcome]) -> None:
    run = Run()
    for outcome in outcomes[:-1]:
        run.note(outcome)
        assert run.closed == set()
    run.note(outcomes[-1])
    assert run.closed == {Channel.SMS}


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([DOWN] * 4, id="four"),
        pytest.param([*[DOWN] * 4, Sent(), *[DOWN] * 4], id="one was sent between"),
        pytest.param([*[DOWN] * 4, REJECTED, *[DOWN] * 4], id="one was rejected between: it answers"),
        pytest.param([*[DOWN] * 4, STRANGE, *[DOWN] * 4], id="with a word that nobody knows"),
        pytest.param([GREYLISTED] * 50, id="greylisted recipients"),
        pytest.param([REJECTED] * 50, id="numbers that are wrong"),
    ],
)
def test_less_does_not_close_it(outcomes: list[Outcome]) -> None:
    run = Run()
    for outcome in outcomes:
        assert run.note(outcome) == []
    assert run.closed == set()


def test_the_tries_of_one_message_are_not_messages() -> None:
    run = Run()
    for _ in range(4):
        run.note(DOWN, leaves=False)
        run.note(DOWN, leaves=False)
        run.note(DOWN, leaves=True)
    assert run.closed == set()
    run.note(DOWN, leaves=True)
    assert run.closed == {Channel.SMS}


def test_each_channel_counts_for_itself() -> None:
    run = Run()
    for _ in range(4):
        run.note(DOWN, Channel.SMS)
        run.note(DOWN, Channel.EMAIL)
    run.note(Sent(), Channel.EMAIL)
    run.note(DOWN, Channel.SMS)
    assert run.closed == {Channel.SMS}


# ---------------------------------------------------------------- one account error


def test_one_account_error_closes_the_channel_and_says_why() -> None:
    run = Run()
    run.note(Unavailable("AccountLocked", account_error=True), leaves=False)
    assert run.circuits.closed == {Channel.SMS: "AccountLocked"}


def test_the_first_reason_stays() -> None:
    run = Run()
    run.circuits.close(Channel.SMS, "the account's balance is 0 credits")
    run.note(Unavailable("AccountLocked", account_error=True))
    for _ in range(5):
        run.note(DOWN)
    assert run.circuits.closed == {Channel.SMS: "the account's balance is 0 credits"}


# ---------------------------------------------------------------- an unheard-of word of rejection


def test_one_unheard_of_word_for_three_recipients_closes_the_channel_and_takes_them_back() -> None:
    run = Run()
    assert run.note(STRANGE) == []
    assert run.note(STRANGE) == []
    assert run.closed == set()
    assert run.note(STRANGE) == ["m1", "m2", "m3"]
    assert run.closed == {Channel.SMS}
    assert "Kontingent" in run.circuits.closed[Channel.SMS]


def test_it_need_not_be_in_a_row() -> None:
    run = Run()
    for outcome in (STRANGE, Sent(), STRANGE, REJECTED, DOWN):
        run.note(outcome)
    assert run.note(STRANGE) == ["m1", "m3", "m6"]


def test_what_was_under_way_when_it_closed_is_taken_back_too() -> None:
    run = Run()
    for _ in range(3):
        run.note(STRANGE)
    assert run.note(STRANGE) == ["m4"]
    assert run.note(STRANGE, recipient="recipient 1") == ["m5"]
    assert run.note(Rejected("Neu", unheard_word="Neu")) == []


def test_one_recipient_of_several_messages_counts_once() -> None:
    run = Run()
    for _ in range(5):
        assert run.note(STRANGE, recipient="+491715555555") == []
    assert run.closed == set()
    run.note(STRANGE)
    assert sorted(run.note(STRANGE)) == ["m1", "m2", "m3", "m4", "m5", "m6", "m7"]


def test_different_words_are_counted_apart() -> None:
    run = Run()
    for word in ("Neu", "Anders", "Neu", "Anders"):
        assert run.note(Rejected(word, unheard_word=word)) == []
    assert run.closed == set()


def test_the_same_word_on_two_channels_is_counted_apart() -> None:
    run = Run()
    for channel in (Channel.SMS, Channel.EMAIL, Channel.SMS, Channel.EMAIL):
        assert run.note(STRANGE, channel) == []
    assert run.closed == set()


def test_words_that_are_known_never_close_a_channel() -> None:
    run = Run()
    for _ in range(10):
        assert run.note(REJECTED) == []
    assert run.closed == set()
