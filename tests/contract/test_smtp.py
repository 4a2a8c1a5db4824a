"""The `email` channel on the wire: what it sends, over which lines, and what each reply of a server means."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default

import pytest
from mail_under_test import CLAIM, CONTENT, PASSWORD, RECIPIENT, mail_channel, mail_content
from peers import (
    MESSAGE_ID,
    NOW,
    a_peer,
    a_port_nobody_listens_on,
    certified_server,
    read_line,
    self_certified_server,
    trusting_client,
)

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery import channel as delivery_channel
from terminbenachrichtigung.delivery.mail import compose
from terminbenachrichtigung.demo.mailserver import HANG_UP, MailServer
from terminbenachrichtigung.model.delivery import Content, Outcome, Rejected, Sent, Unavailable, Unknown
from terminbenachrichtigung.model.plan import Channel

SETTINGS = EmailSettings(host="mail.example.org", sender="Praxis Süd <termine@example.org>")


def written(content: Content, settings: EmailSettings = SETTINGS, **branches: Branch) -> EmailMessage:
    mail = compose(settings, branches, content, MESSAGE_ID, NOW)
    assert b"\n" not in mail.data.replace(b"\r\n", b"")
    return BytesParser(EmailMessage, policy=default).parsebytes(mail.data)


# ---------------------------------------------------------------- what is sent


def test_a_mail_arrives_with_every_header_it_needs() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        assert channel.send(CLAIM, CONTENT) == Sent("250 OK queued")
    (received,) = server.received
    assert (received.sender, received.recipient) == ("termine@example.org", RECIPIENT)
    message = received.message
    assert message["From"] == "Praxis Süd <termine@example.org>"
    assert message["To"] == RECIPIENT
    assert message["Subject"] == "Ihr Termin am Mittwoch, 25. November — Grüße"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<{MESSAGE_ID}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message.get_content().splitlines() == CONTENT.text.splitlines()


def test_a_page_goes_beside_the_text() -> None:
    message = written(mail_content(html="<p>Grüße</p>"))
    for kind, expected in (("plain", CONTENT.text), ("html", "<p>Grüße</p>\n")):
        body = message.get_body((kind,))
        assert isinstance(body, EmailMessage)
        assert body.get_content().replace("\r\n", "\n") == expected
    assert written(mail_content()).get_body(("html",)) is None


def test_the_calendar_is_attached_byte_for_byte() -> None:
    calendar = "BEGIN:VCALENDAR\r\nSUMMARY:Süd\r\nEND:VCALENDAR\r\n".encode()
    message = written(mail_content(calendar=calendar))
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["Content-Type"].params == {"method": "PUBLISH", "charset": "utf-8"}
    assert attached.get_filename() == "termin.ics"
    assert attached.get_payload(decode=True) == calendar
    body = message.get_body()
    assert body is not None
    assert body.get_content().splitlines() == CONTENT.text.splitlines()


def test_no_calendar_is_attached_where_it_is_switched_off() -> None:
    settings = SETTINGS.model_copy(update={"calendar_attachment": False})
    assert list(written(mail_content(calendar=b"BEGIN:VCALENDAR"), settings).iter_attachments()) == []


@pytest.mark.parametrize(
    ("of_branch", "of_settings", "of_row", "expected"),
    [
        pytest.param("h@example.org", "a@example.org", "b@example.org", "h@example.org", id="the branch's"),
        pytest.param("", "a@example.org", "b@example.org", "a@example.org", id="the settings'"),
        pytest.param("", "", "b@example.org", "b@example.org", id="the schedule's"),
        pytest.param("", "", "", None, id="none"),
    ],
)
def test_answers_go_to_the_nearest_address(
    of_branch: str, of_settings: str, of_row: str, expected: str | None
) -> None:
    settings = SETTINGS.model_copy(update={"reply_to": of_settings})
    content = mail_content(branch_code="hh1", reply_to=of_row)
    assert written(content, settings, HH1=Branch(reply_to=of_branch))["Reply-To"] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(".\r\n.\r\nQUIT\r\n..zwei", id="lines that begin with a dot"),
        pytest.param("Schöne Grüße\n" + "ö" * 3000 + "\n" + "x" * 3000, id="lines longer than SMTP allows"),
        pytest.param("😀 \u202eabc\u202c\x00 مرحبا", id="emoji, right-to-left, NUL"),
        pytest.param("{{ customer }} \\ %s From me\nFrom here", id="nothing is interpreted"),
        pytest.param("", id="empty"),
    ],
)
def test_any_text_arrives_as_it_was(text: str) -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        assert isinstance(channel.send(CLAIM, mail_content(text=text)), Sent)
    arrived = server.received[0].message.get_content()
    assert arrived.replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")
    assert max(map(len, server.received[0].raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(mail_content(subject="Termin\r\nBcc: all@example.org"), id="in the subject"),
        pytest.param(mail_content(subject="Termin\nx"), id="a bare one"),
        pytest.param(mail_content(subject="Termin\u2028x"), id="a line break of Unicode"),
        pytest.param(mail_content(language="=?utf-8?q?de=0ABcc:_x@example.org?="), id="an encoded one"),
        pytest.param(mail_content(reply_to="a@example.org\r\nBcc: b@example.org"), id="in the reply address"),
        pytest.param(mail_content(language="de\r\nBcc: b@example.org"), id="in the language"),
        pytest.param(mail_content(recipient="anna@example.org\r\nRCPT TO:<b@example.org>"), id="address"),
        pytest.param(mail_content(recipient="anna@example.org, b@example.org"), id="two addresses"),
        pytest.param(mail_content(recipient="anna @example.org"), id="a space in it"),
        pytest.param(mail_content(recipient="anna"), id="no address"),
        pytest.param(mail_content(recipient="änna@example.org"), id="not every server could take it"),
        pytest.param(mail_content(text="half a character \ud83d"), id="a lone surrogate"),
    ],
)
def test_nothing_can_be_injected(content: Content) -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        outcome = channel.send(CLAIM, content)
    assert outcome == Rejected("the address, the subject or the text holds what no e-mail can carry")
    assert server.sessions == 0


def test_a_domain_with_an_umlaut_is_addressed_in_its_own_ascii_form() -> None:
    # the older rules read ß as ss, which is the domain of somebody else
    mail = compose(SETTINGS, {}, mail_content(recipient="anna@straße-süd.de"), MESSAGE_ID, NOW)
    assert mail.recipient == "anna@xn--strae-sd-tya70a.de"


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("Your appointment on Wednesday", id="plain"),
        pytest.param("Your appointment " + "on Wednesday " * 20 + "x", id="long"),
        pytest.param("Ihr Termin bei Optik Süd für Frau Öztürk-Müller, Änne Größe übermorgen", id="folded"),
        pytest.param("Ü" * 300, id="one long word"),
        pytest.param("=?utf-8?q?Ute=0ABcc:_x@example.org?=", id="looks encoded, with a line break"),
        pytest.param("Ute \x00 \u202eetU 😀", id="control characters, right-to-left, emoji"),
        pytest.param("", id="empty"),
    ],
)
def test_a_subject_arrives_as_it_was(subject: str) -> None:
    data = compose(SETTINGS, {}, mail_content(subject=subject), MESSAGE_ID, NOW).data
    message = BytesParser(policy=compat32).parsebytes(data)
    assert "Bcc" not in message
    assert max(map(len, data.split(b"\r\n"))) < 100
    # decoded as the standard says; email's newer parser is not always right about it
    unfolded = message["Subject"].replace("\r\n", "")
    assert str(make_header(decode_header(unfolded))) == subject


def test_a_test_message_goes_the_same_way_under_an_id_of_its_own() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        assert isinstance(channel.test(CONTENT), Sent)
    assert server.received[0].message["Message-ID"].startswith("<test-message-")


def test_the_adapter_is_a_channel() -> None:
    with mail_channel(25) as adapter:
        channel: delivery_channel.Channel = adapter
        assert channel.name is Channel.EMAIL


# ---------------------------------------------------------------- lines and logins


def test_starttls_secures_the_line_before_the_login() -> None:
    with (
        MailServer(starttls=certified_server(), login=("praxis", PASSWORD)) as server,
        mail_channel(
            server.port, security="starttls", trusted=trusting_client(), username="praxis", password=PASSWORD
        ) as channel,
    ):
        assert channel.check() is None
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert (server.received[0].secured, server.received[0].login) == (True, "praxis")


def test_tls_secures_the_line_from_the_first_byte() -> None:
    with (
        MailServer(tls=certified_server()) as server,
        mail_channel(server.port, security="tls", trusted=trusting_client()) as channel,
    ):
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.received[0].secured


def test_without_starttls_nothing_is_sent_in_the_open() -> None:
    with MailServer() as server, mail_channel(server.port, security="starttls") as channel:
        outcome = channel.send(CLAIM, CONTENT)
        assert outcome == Unavailable("127.0.0.1: offers no STARTTLS; nothing is sent over an open line")
        assert channel.check() == outcome
    assert server.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certified", "reason"),
    [
        pytest.param(lambda: certified_server("other.example"), "IP address mismatch", id="the wrong name"),
        pytest.param(
            lambda: certified_server(not_after=datetime.now(UTC) - timedelta(days=1)), "expired", id="expired"
        ),
        pytest.param(self_certified_server, "unable to get local issuer", id="an unknown authority"),
    ],
)
def test_an_untrusted_certificate_sends_nothing(
    security: str, certified: Callable[[], ssl.SSLContext], reason: str
) -> None:
    server = MailServer(starttls=certified()) if security == "starttls" else MailServer(tls=certified())
    with server, mail_channel(server.port, security=security, trusted=trusting_client()) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.detail.startswith("127.0.0.1: its certificate is not trusted: ")
    assert reason in outcome.detail
    assert server.received == []


@pytest.mark.parametrize(
    ("password", "detail"),
    [
        pytest.param("falsch", "127.0.0.1 refuses the login: 535", id="wrong"),
        pytest.param("süß", "127.0.0.1 refuses the login: 535", id="wrong, and not ASCII"),
    ],
)
def test_a_login_that_fails_closes_the_channel(password: str, detail: str) -> None:
    with (
        MailServer(login=("praxis", PASSWORD)) as server,
        mail_channel(server.port, username="praxis", password=password) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
        assert channel.check() == outcome
    assert isinstance(outcome, Unavailable)
    assert outcome.detail.startswith(detail)
    assert (outcome.account_error, outcome.again) == (True, False)


def test_a_server_that_knows_no_login_closes_the_channel() -> None:
    with MailServer() as server, mail_channel(server.port, username="praxis", password=PASSWORD) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.account_error
    assert server.received == []


def test_a_refused_connection_is_unavailable() -> None:
    with mail_channel(a_port_nobody_listens_on()) as channel:
        assert channel.send(CLAIM, CONTENT) == Unavailable("127.0.0.1: the connection was refused")
        assert channel.check() == Unavailable("127.0.0.1: the connection was refused")


# ---------------------------------------------------------------- what replies mean


def answered(command: str, reply: str) -> Outcome:
    """What comes of a mail whose server answers so to this command."""
    with (
        MailServer(script=lambda at, _: reply if at == command else None) as server,
        mail_channel(server.port) as channel,
    ):
        return channel.send(CLAIM, CONTENT)


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        # the sender is ours: it is the account that is refused
        pytest.param(
            "MAIL",
            "550 5.7.1 not you",
            Unavailable("sender refused: 550 5.7.1 not you", True, again=False),
            id="MAIL 5xx",
        ),
        pytest.param("MAIL", "451 busy", Unavailable("sender refused: 451 busy"), id="MAIL 4xx"),
        pytest.param("MAIL", "421 bye", Unavailable("sender refused: 421 bye"), id="MAIL 421"),
        # the recipient: 5xx for good, 4xx (greylisting) says nothing about the channel
        pytest.param("RCPT", "550 no such user", Rejected("550 no such user"), id="RCPT 5xx"),
        pytest.param("RCPT", "450 later", Unavailable("450 later", recipient_only=True), id="RCPT 4xx"),
        pytest.param("RCPT", "421 bye", Unavailable("421 bye"), id="RCPT 421"),
        # the data
        pytest.param("DATA", "554 failed", Rejected("554 failed"), id="after DATA 5xx"),
        pytest.param("DATA", "452 full", Unavailable("452 full"), id="after DATA 4xx"),
        pytest.param("DATA", "421 bye", Unavailable("421 bye"), id="after DATA 421"),
        pytest.param("DATA", "250 2.0.0 OK id=1abc", Sent("250 2.0.0 OK id=1abc"), id="after DATA 2xx"),
        pytest.param("DATA", "354 x", Unknown("no clear answer to the data: 354 x"), id="DATA 3xx"),
        pytest.param(
            "DATA", "hm, why", Unknown("no clear answer to the data: why"), id="after DATA nonsense"
        ),
        # the line
        pytest.param("MAIL", HANG_UP, Unavailable("127.0.0.1: the connection was lost"), id="lost at MAIL"),
        pytest.param("RCPT", HANG_UP, Unavailable("127.0.0.1: the connection was lost"), id="lost at RCPT"),
        pytest.param("DATA", HANG_UP, Unknown("127.0.0.1: the connection was lost"), id="lost after it"),
    ],
)
def test_every_reply_has_its_outcome(command: str, reply: str, expected: Outcome) -> None:
    assert answered(command, reply) == expected


@pytest.mark.parametrize(
    ("command", "reply"),
    [("RCPT", "550 <{}>: unknown"), ("RCPT", "450 4.2.0 <{}> greylisted"), ("DATA", "250 queued for {}")],
)
def test_a_server_that_repeats_the_recipient_cannot_make_us_show_it(command: str, reply: str) -> None:
    def script(at: str, address: str) -> str | None:
        return reply.format(address.upper()) if at == command else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert "•••" in outcome.detail
    assert RECIPIENT not in outcome.detail.lower()


POLICIES = [
    # what a server may say to a recipient or to the data, and means the sender or this machine
    ("RCPT", "550 relay not permitted"),  # Exim, which writes no number of RFC 3463
    ("RCPT", "530 SMTP authentication is required."),  # hMailServer
    ("RCPT", "503 This mail server requires authentication"),  # MailEnable
    ("RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),  # qmail
    ("RCPT", "550 5.4.5 Daily user sending limit exceeded"),  # Gmail
    ("DATA", "550 5.1.8 Access denied, bad outbound sender"),  # Microsoft 365
    ("DATA", "554 Transaction failed: Unauthorized sender address."),  # IONOS
    ("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),  # Postfix
    ("RCPT", "550 5.1.0 Sender address rejected: User unknown in virtual mailbox table"),
    ("RCPT", "550 sender address unknown"),
    ("RCPT", "550 #5.7.1 Your access to submit messages to this e-mail system has been rejected."),  # Cisco
    ("DATA", "554 Message rejected: Email address is not verified."),  # Amazon, in its sandbox
    ("RCPT", "550 5.5.3 Too many recipients"),  # in an hour: a new session changes nothing
    ("RCPT", "552 too many recipients"),
    # The text, which is the same for everybody, or this machine's address, is on somebody's list.
    ("DATA", "550 This message was classified as SPAM and may not be delivered"),  # cPanel
    ("DATA", "554 5.6.0 Message refused: suspected spam"),
    ("DATA", "552 Virus detected in attachment termin.ics"),
    ("DATA", "554 Reject due to policy restrictions"),
    ("RCPT", "550 Your IP is blacklisted at zen.spamhaus.example"),
    ("RCPT", "550 rejected because this host is in a black list"),  # Exim's own example
    ("RCPT", "550 Administrative prohibition"),  # Exim, of whatever its own rules deny
    ("RCPT", "550 Domain has exceeded the max emails per hour (150/150) allowed"),  # cPanel
]


@pytest.mark.parametrize(("command", "reply"), POLICIES)
def test_a_refusal_that_may_be_about_us_counts_by_its_words(command: str, reply: str) -> None:
    assert answered(command, reply) == Rejected(reply, unheard_word=reply)


@pytest.mark.parametrize(
    "reply",
    [
        "550 no such user here",
        "550 5.1.1 no such user",
        "552 5.2.2 mailbox full",
        "550 5.4.1 Recipient address rejected: Access denied",  # unknown to Microsoft 365
        # what names a relay or a sender, and is the recipient's all the same: three such addresses closed
        # the channel for everybody
        "550 Recipient address rejected: User unknown in relay recipient table",
        "550 unknown user; message returned to sender",
        "550 Mailbox unavailable, please inform the sender",
        "550 The account does not exist; the sender should check the address",
        "550 5.1.1 User unknown in relay recipient table",
        "550 user unknown (we do not take part in spam)",
        "552 5.2.2 Mailbox full, blocked until it is emptied",
    ],
)
def test_a_refusal_that_is_about_the_recipient_does_not(reply: str) -> None:
    assert answered("RCPT", reply) == Rejected(reply)


def test_a_policy_is_the_same_whatever_id_and_moment_each_answer_has() -> None:
    words = "550 5.7.60 SMTP; not permitted [FR{n}P281.PROD.OUTLOOK.COM 2026-11-24T09:00:0{n}.12Z 08DC4{n}]"
    first, second = (answered("DATA", words.format(n=n)) for n in (1, 2))
    assert isinstance(first, Rejected)
    assert isinstance(second, Rejected)
    assert first.detail != second.detail
    assert first.unheard_word == second.unheard_word == "550 5.7.60 SMTP; not permitted [••• ••• •••]"


# ---------------------------------------------------------------- sessions


def test_one_session_carries_many_mails() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        for _ in range(10):
            assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.sessions == 1
    assert len(server.received) == 10


def test_a_refused_recipient_leaves_the_session_in_step() -> None:
    def script(at: str, address: str) -> str | None:
        return "550 no such user" if address == "nobody@example.org" else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        for _ in range(3):
            assert isinstance(channel.send(CLAIM, mail_content(recipient="nobody@example.org")), Rejected)
            assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.sessions == 1
    assert [mail.recipient for mail in server.received] == [RECIPIENT] * 3


def test_a_recipient_who_is_greylisted_costs_no_new_session() -> None:
    def script(at: str, address: str) -> str | None:
        return "450 4.2.0 greylisted, come again" if address == "new@example.org" else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        for _ in range(3):
            assert isinstance(channel.send(CLAIM, CONTENT), Sent)
            refused = channel.send(CLAIM, mail_content(recipient="new@example.org"))
            assert isinstance(refused, Unavailable)
            assert refused.recipient_only
    assert server.sessions == 1


def test_a_session_that_the_server_closed_is_opened_anew_at_no_cost() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        server.hang_up()
        time.sleep(0.05)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.sessions == 2
    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", "421 too many messages"),
        ("MAIL", "451 4.7.0 too many messages in this session"),
        ("MAIL", "450 4.7.1 slow down"),  # not greylisting, which is about a recipient
        ("MAIL", "550 5.7.0 session limit reached"),
        ("MAIL", "503 5.5.1 sender already given"),
        ("RCPT", "452 4.5.3 too many recipients"),
        ("RCPT", "552 too many recipients"),  # as RFC 821 has it
        ("RCPT", "550 5.5.3 too many recipients"),
        ("RCPT", "421 4.7.0 good bye"),
    ],
)
def test_a_server_that_takes_only_so_many_mails_a_session_costs_no_try(command: str, reply: str) -> None:
    asked: list[str] = []

    def script(at: str, address: str) -> str | None:
        asked.extend([at] if at == command else [])
        return reply if at == command and len(asked) % 3 == 0 else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        outcomes = [channel.send(CLAIM, CONTENT) for _ in range(7)]
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(server.received) == 7
    assert server.sessions == 4


def test_a_server_that_says_good_bye_after_a_refused_recipient_costs_no_try_either() -> None:
    """Such a session has carried no mail yet."""
    replies = [("RCPT", "550 5.1.1 no such user"), ("MAIL", "421 4.7.0 good bye")]

    def script(at: str, address: str) -> str | None:
        return replies.pop(0)[1] if replies and at == replies[0][0] else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Rejected)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.sessions == 2


def test_a_session_that_has_carried_nothing_is_not_begun_anew_for_what_is_refused_a_while() -> None:
    """A new login would not be taken either, and logins are counted."""
    replies = [("RCPT", "550 5.1.1 no such user"), ("MAIL", "451 4.7.1 try again later")]

    def script(at: str, address: str) -> str | None:
        return replies.pop(0)[1] if replies and at == replies[0][0] else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Rejected)
        assert isinstance(channel.send(CLAIM, CONTENT), Unavailable)
    assert server.sessions == 1


def test_what_a_session_carried_counts_though_its_last_recipient_was_refused() -> None:
    replies = [("RCPT", "550 5.1.1 no such user"), ("MAIL", "451 4.7.0 too many messages in this session")]
    begun: list[str] = []

    def script(at: str, address: str) -> str | None:
        return replies.pop(0)[1] if begun and replies and at == replies[0][0] else None

    with MailServer(script=script) as server, mail_channel(server.port) as channel:
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
        begun.append("the second mail")
        assert isinstance(channel.send(CLAIM, CONTENT), Rejected)
        assert isinstance(channel.send(CLAIM, CONTENT), Sent)
    assert server.sessions == 2


def test_each_thread_has_a_session_of_its_own_while_it_sends() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:

        def work() -> None:
            for _ in range(10):
                assert isinstance(channel.send(CLAIM, CONTENT), Sent)

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(server.received) == 40
    assert 1 <= server.sessions <= 4


def test_check_sends_no_mail() -> None:
    with MailServer() as server, mail_channel(server.port) as channel:
        assert channel.check() is None
    assert server.received == []


def test_check_takes_back_the_mail_that_it_began() -> None:
    said: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        while said[-1:] != [b"QUIT"]:
            said.append(read_line(connection).split()[0].upper())
            connection.sendall(b"250 OK\r\n")

    with a_peer(behave) as peer, mail_channel(peer.port) as channel:
        assert channel.check() is None
    assert said == [b"EHLO", b"MAIL", b"RCPT", b"RSET", b"QUIT"]
