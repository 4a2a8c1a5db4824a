"""The `sms` channel on its way to the gateway: certificates and proxies."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from peers import (
    a_peer,
    a_port_nobody_listens_on,
    certified_server,
    dribble,
    read_http_request,
    read_line,
    self_certified_server,
    trusting_client,
    tunnel,
)
from sms_under_test import (
    ACCOUNT_ERROR,
    CLAIM,
    CONTENT,
    NOT_NOW,
    OK,
    LoopbackSmsCreator,
    answering,
    dribbles_the_body,
    hangs_up_at_once,
    hangs_up_in_the_body,
    http,
    outcome_against,
    resets_after_reading,
    resets_while_reading,
    says_nothing,
    sms_channel,
)

from terminbenachrichtigung.delivery.exchange import Proxy
from terminbenachrichtigung.demo.smscreator import SmsCreatorGateway
from terminbenachrichtigung.model.delivery import Sent, Unavailable, Unknown


@pytest.fixture
def gateway() -> Iterator[SmsCreatorGateway]:
    with LoopbackSmsCreator() as started:
        yield started


# ---------------------------------------------------------------- TLS


def test_a_trusted_certificate_is_accepted() -> None:
    with (
        LoopbackSmsCreator(ssl_context=certified_server()) as gateway,
        sms_channel(gateway.url, trusted=trusting_client()) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 1")


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        pytest.param(lambda: certified_server("other.example"), "IP address mismatch", id="the wrong name"),
        pytest.param(
            lambda: certified_server(not_after=datetime.now(UTC) - timedelta(days=1)), "expired", id="expired"
        ),
        pytest.param(self_certified_server, "unable to get local issuer", id="an unknown authority"),
    ],
)
def test_an_untrusted_certificate_sends_nothing(server: Callable[[], ssl.SSLContext], reason: str) -> None:
    with (
        LoopbackSmsCreator(ssl_context=server()) as gateway,
        sms_channel(gateway.url, trusted=trusting_client()) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.detail.startswith("127.0.0.1: its certificate is not trusted: ")
    assert reason in outcome.detail
    assert gateway.requests == []


def test_without_an_authority_of_ones_own_the_public_ones_decide() -> None:
    with (
        LoopbackSmsCreator(ssl_context=certified_server()) as gateway,
        sms_channel(gateway.url) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert "its certificate is not trusted" in outcome.detail


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(says_nothing, id="says nothing"),
        pytest.param(lambda connection: connection.sendall(b"220 not TLS\r\n"), id="speaks no TLS"),
        pytest.param(hangs_up_at_once, id="hangs up"),
        pytest.param(
            lambda connection: dribble(connection, b"\x16\x03\x03\x40\x00" + b"\x02" * 99), id="dribbles"
        ),
    ],
)
def test_a_tls_handshake_that_fails_is_unavailable(behave: Callable[[socket.socket], None]) -> None:
    with a_peer(behave) as peer, sms_channel(f"https://127.0.0.1:{peer.port}", timeout_seconds=1) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)


@pytest.mark.parametrize(
    "behave", [says_nothing, dribbles_the_body, hangs_up_in_the_body, resets_after_reading]
)
def test_faults_behind_tls_are_unknown_too(behave: Callable[[socket.socket], None]) -> None:
    outcome = outcome_against(behave, certified_server(), trusted=trusting_client(), timeout_seconds=1)
    assert isinstance(outcome, Unknown)


# ---------------------------------------------------------------- proxies


def test_a_proxy_is_used_when_one_is_configured() -> None:
    with (
        LoopbackSmsCreator(ssl_context=certified_server()) as gateway,
        a_peer(tunnel) as proxy,
        sms_channel(
            gateway.url, trusted=trusting_client(), proxy_server="127.0.0.1", proxy_port=proxy.port
        ) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 1")
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 2")
        assert proxy.connections == 1


def test_the_password_of_a_proxy_is_not_shown() -> None:
    assert "geheim" not in repr(Proxy("proxy.example.org", 3128, "praxis", "geheim"))


def test_a_proxy_for_plain_http_is_handed_the_whole_request() -> None:
    seen: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        seen.append(read_http_request(connection))
        connection.sendall(http("200 OK", OK))

    with (
        a_peer(proxy) as peer,
        sms_channel("http://127.0.0.1:1/gateway", proxy_server="127.0.0.1", proxy_port=peer.port) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 4711")
    assert seen[0].startswith(b"POST http://127.0.0.1:1/gateway/Send.asmx/SendSimpleSMS HTTP/1.1\r\n")


def test_a_proxy_of_the_environment_is_left_alone(
    gateway: SmsCreatorGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with sms_channel(gateway.url) as channel:
        assert channel.send(CLAIM, CONTENT) == Sent("JobId 1")


def proxy_says(status: str) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        while read_line(connection):
            pass
        connection.sendall(http(status))

    return behave


def test_a_proxy_that_does_not_take_the_login_is_not_said_to_want_one() -> None:
    with a_peer(proxy_says("407 Proxy Authentication Required")) as peer:
        proxy: dict[str, Any] = {"proxy_server": "127.0.0.1", "proxy_port": peer.port, "proxy_user": "praxis"}
        with sms_channel("https://127.0.0.1:1/gateway", trusted=trusting_client(), **proxy) as channel:
            outcome = channel.send(CLAIM, CONTENT)
        words = "it does not take the login, so correct sms.proxy_user and sms.proxy_password"
        asked = f"the proxy 127.0.0.1:{peer.port} answers HTTP 407: {words}"
    assert outcome == Unavailable(asked, **ACCOUNT_ERROR)


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        pytest.param(
            proxy_says("407 Proxy Authentication Required"),
            Unavailable(
                " answers HTTP 407: it wants a login, so set sms.proxy_user and sms.proxy_password",
                **ACCOUNT_ERROR,
            ),
            id="wants a login",
        ),
        pytest.param(
            proxy_says("403 Forbidden"), Unavailable(" answers HTTP 403", **ACCOUNT_ERROR), id="forbids"
        ),
        pytest.param(
            proxy_says("404 Not Found"), Unavailable(" answers HTTP 404", **NOT_NOW), id="is no proxy"
        ),
        pytest.param(proxy_says("429 Too Many Requests"), Unavailable(" answers HTTP 429"), id="is busy"),
        # a gateway's 502 may have sent it; a proxy's has not, for there was no tunnel yet
        pytest.param(proxy_says("502 Bad Gateway"), Unavailable(" answers HTTP 502"), id="finds no gateway"),
        pytest.param(says_nothing, Unavailable(": no answer within 1 seconds"), id="is silent"),
        pytest.param(resets_while_reading, Unavailable(": the connection was lost"), id="resets the line"),
    ],
)
def test_a_proxy_that_refuses_is_unavailable(
    behave: Callable[[socket.socket], None], expected: Unavailable
) -> None:
    with (
        a_peer(behave) as peer,
        sms_channel(
            "https://127.0.0.1:1/gateway",
            proxy_server="127.0.0.1",
            proxy_port=peer.port,
            timeout_seconds=1 if behave is says_nothing else 20,
        ) as channel,
    ):
        named = replace(expected, detail=f"the proxy 127.0.0.1:{peer.port}{expected.detail}")
        assert channel.send(CLAIM, CONTENT) == named


def test_behind_a_tunnel_the_gateway_is_named() -> None:
    with (
        a_peer(proxy_says("200 OK")) as peer,
        sms_channel("https://127.0.0.1:1/gateway", proxy_server="127.0.0.1", proxy_port=peer.port) as channel,
    ):
        assert channel.send(CLAIM, CONTENT) == Unavailable("127.0.0.1: the connection was lost")


def test_a_proxy_that_is_not_there_is_named() -> None:
    port = a_port_nobody_listens_on()
    with sms_channel("https://127.0.0.1:1", proxy_server="127.0.0.1", proxy_port=port) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert outcome == Unavailable(f"the proxy 127.0.0.1:{port}: the connection was refused")


def test_a_proxy_whose_name_nobody_knows_is_named() -> None:
    with sms_channel("https://gateway.example", proxy_server="proxy.invalid", timeout_seconds=5) as channel:
        outcome = channel.send(CLAIM, CONTENT)
    assert isinstance(outcome, Unavailable)
    assert outcome.detail.startswith("the proxy proxy.invalid:3128: the name cannot be resolved")


def test_a_proxy_for_plain_http_that_wants_a_login_is_named() -> None:
    with (
        a_peer(answering(http("407 Proxy Authentication Required"))) as peer,
        sms_channel("http://127.0.0.1:1/gateway", proxy_server="127.0.0.1", proxy_port=peer.port) as channel,
    ):
        outcome = channel.send(CLAIM, CONTENT)
    wants = "the proxy answers HTTP 407: it wants a login, so set sms.proxy_user and sms.proxy_password"
    assert outcome == Unavailable(wants, **ACCOUNT_ERROR)
