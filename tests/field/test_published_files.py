"""A calendar or an export behind an address: fetched within limits, and only when it has changed."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from field.conftest import OwnPractice
from practice import Ran
from terminbenachrichtigung.errors import ConfigError, ScheduleError
from terminbenachrichtigung.own_schedule import fetching

WHOLE = (
    "Termin-ID;Beginn;Name;Handy\n"
    "1;2026-11-25 09:00;Ida Meier;0171 5555001\n"
    "2;2026-11-25 10:00;Eva Kurz;0171 5555002\n"
)


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as made:
        yield made


def fetched(own: OwnPractice, address: str, *options: str, now: str | None = None) -> Ran:
    path = own.practice.folder / "address"
    path.write_text(address + "\n", encoding="utf-8")
    return own.practice.run("schedule", "import", "--url-file", str(path), *options, now=now)


def test_a_file_is_fetched_and_imported(own: OwnPractice, server: HTTPServer) -> None:
    server.expect_request("/export.csv").respond_with_data(WHOLE)
    ran = fetched(own, server.url_for("/export.csv?key=secret"), "--json")
    assert ran.exit_code == 0
    assert own.standing().keys() == {"1", "2"}
    assert "secret" not in ran.stdout  # whoever knows the address can read the calendar


def test_a_file_that_has_not_changed_is_not_sent_again(own: OwnPractice, server: HTTPServer) -> None:
    asked = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("If-None-Match"))
        unchanged = request.headers.get("If-None-Match") == '"one"'
        return Response(status=304) if unchanged else Response(WHOLE, headers={"ETag": '"one"'})

    server.expect_request("/export.csv").respond_with_handler(answer)
    address = server.url_for("/export.csv")
    assert "2 new" in fetched(own, address).stdout
    assert "has not changed" in fetched(own, address, now="2026-11-24 12:30").stdout
    # It counts as an import: no run says that none came for two open hours.
    assert "schedule import" not in own.practice.run("dry-run", now="2026-11-24 13:00").stdout
    assert fetched(own, address, "--quiet").stdout == ""
    assert "2 unchanged" in fetched(own, address, "--dry-run").stdout  # shows the file, and notes nothing
    assert "2 unchanged" in fetched(own, address, "--type", "Sehtest").stdout  # asked for otherwise
    assert (
        "2 unchanged" in fetched(own, address, now="2026-11-25 10:00").stdout
    )  # a series is spread each day
    assert asked == [None, '"one"', '"one"', None, None, None]


def test_while_something_is_unsettled_the_file_is_read_each_time(
    own: OwnPractice, server: HTTPServer
) -> None:
    server.expect_request("/export.csv").respond_with_handler(
        lambda request: (
            Response(status=304)
            if request.headers.get("If-None-Match")
            else Response(WHOLE + "3;bald;Ute Neu;0171 5555003\n", headers={"ETag": '"one"'})
        )
    )
    assert fetched(own, server.url_for("/export.csv")).exit_code == 1
    assert "2 unchanged" in fetched(own, server.url_for("/export.csv")).stdout


@pytest.mark.parametrize("modified", ["Fri, 31 Dec 9999 23:59:59 -1200", "0", "yesterday"])
def test_a_server_that_does_not_know_when_a_file_was_written_is_read(
    own: OwnPractice, server: HTTPServer, modified: str
) -> None:
    server.expect_request("/export.csv").respond_with_data(WHOLE, headers={"Last-Modified": modified})
    assert fetched(own, server.url_for("/export.csv")).exit_code == 0


def test_an_older_file_by_the_server_s_word_moves_nothing(own: OwnPractice, server: HTTPServer) -> None:
    answers = iter(
        [
            Response(WHOLE, headers={"Last-Modified": "Tue, 24 Nov 2026 08:00:00 GMT"}),
            Response(
                WHOLE.replace("09:00", "15:00"), headers={"Last-Modified": "Mon, 23 Nov 2026 08:00:00 GMT"}
            ),
        ]
    )
    server.expect_request("/export.csv").respond_with_handler(lambda _: next(answers))
    address = server.url_for("/export.csv")
    assert fetched(own, address).exit_code == 0
    ran = fetched(own, address)
    assert (ran.exit_code, "older" in ran.stdout) == (1, True)
    assert own.standing()["1"].startswith("2026-11-25 09:00")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("http://calendar.example.org/praxis.ics", "https://"),
        ("ftp://127.0.0.1/praxis.ics", "https://"),
        ("file:///etc/passwd", "https://"),
        ("praxis.ics", "https://"),
        ("", "one address"),
        ("https://a.example.org https://b.example.org", "one address"),
        pytest.param("https://a.example.org/" + 10_000 * "a", "one address", id="without end"),
        ("https://[::1", "no address"),
    ],
)
def test_what_is_no_https_address_is_wrong_usage(own: OwnPractice, content: str, words: str) -> None:
    ran = fetched(own, content)
    assert ran.exit_code == 2
    assert words in ran.stderr


def test_webcal_is_https(tmp_path: Path) -> None:
    path = tmp_path / "address"
    path.write_text("webcal://calendar.example.org/praxis.ics", encoding="utf-8")
    assert fetching.address_in(path) == "https://calendar.example.org/praxis.ics"


def test_a_redirect_to_a_plain_address_is_not_followed(own: OwnPractice, server: HTTPServer) -> None:
    server.expect_request("/").respond_with_response(
        Response(status=302, headers={"Location": "http://calendar.example.org/x"})
    )
    ran = fetched(own, server.url_for("/"))
    assert (ran.exit_code, "https://" in ran.stderr) == (2, True)


HTTPS = "https://kalender.example.org/praxis/kalender.ics"

LOOPBACK = "http://127.0.0.1:8080/a"


@pytest.mark.parametrize(
    ("address", "location", "asked_next"),
    [
        (HTTPS, "neu.ics", "https://kalender.example.org/praxis/neu.ics"),
        (HTTPS, "/neu.ics", "https://kalender.example.org/neu.ics"),
        (HTTPS, "https:///neu.ics", "https://kalender.example.org/neu.ics"),
        (HTTPS, "//files.example.org/neu.ics", "https://files.example.org/neu.ics"),
        (HTTPS, "https://files.example.org/neu.ics", "https://files.example.org/neu.ics"),
        (LOOPBACK, "/b", "http://127.0.0.1:8080/b"),
        (LOOPBACK, "https://files.example.org/b", "https://files.example.org/b"),
    ],
)
def test_a_redirect_is_followed_within_https(address: str, location: str, asked_next: str) -> None:
    assert fetching.redirected(address, location, "kalender.example.org") == asked_next


@pytest.mark.parametrize(
    ("address", "location", "problem"),
    [
        (HTTPS, "http://127.0.0.1:8080/neu.ics", "from https:// to http://"),
        (HTTPS, "http://localhost/neu.ics", "from https:// to http://"),
        (HTTPS, "http://files.example.org/neu.ics", "must hold an https:// address"),
        (LOOPBACK, "http://files.example.org/neu.ics", "must hold an https:// address"),
        (HTTPS, "file:///etc/passwd", "must hold an https:// address"),
        (HTTPS, "https://[::1", "holds no address"),
    ],
)
def test_a_redirect_out_of_https_is_refused(address: str, location: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"^the redirect of kalender.example.org .*{re.escape(problem)}"):
        fetching.redirected(address, location, "kalender.example.org")


def test_a_redirect_within_reach_is_followed_but_not_for_ever(own: OwnPractice, server: HTTPServer) -> None:
    server.expect_request("/old").respond_with_response(Response(status=301, headers={"Location": "/new"}))
    server.expect_request("/new").respond_with_data(WHOLE)
    server.expect_request("/round").respond_with_response(
        Response(status=302, headers={"Location": "/round"})
    )
    assert fetched(own, server.url_for("/old")).exit_code == 0
    ran = fetched(own, server.url_for("/round"))
    assert (ran.exit_code, "leads from one address to the next" in ran.stderr) == (3, True)


@pytest.mark.parametrize("status", [401, 404, 500, 503, 304])  # nobody asked whether it has changed
def test_a_server_that_refuses_is_exit_code_3(own: OwnPractice, server: HTTPServer, status: int) -> None:
    server.expect_request("/").respond_with_response(Response("<html>", status=status))
    ran = fetched(own, server.url_for("/"))
    assert (ran.exit_code, f"HTTP {status}" in ran.stderr) == (3, True)


def test_a_page_to_log_in_instead_of_the_file_is_no_file(own: OwnPractice, server: HTTPServer) -> None:
    own.bring(WHOLE)
    server.expect_request("/").respond_with_data(
        "<!DOCTYPE html>\n<html><body>Bitte anmelden</body></html>\n"
    )
    assert fetched(own, server.url_for("/")).exit_code == 2
    assert len(own.standing()) == 2


def test_nobody_there_is_exit_code_3(own: OwnPractice) -> None:
    ran = fetched(own, "http://127.0.0.1:9/export.csv?key=secret")
    assert (ran.exit_code, "cannot be reached" in ran.stderr) == (3, True)
    assert "secret" not in ran.stderr


def endless(piece: bytes, pause: float, stop: threading.Event) -> Callable[[Request], Response]:
    def pieces() -> Iterator[bytes]:
        while not stop.is_set():
            yield piece
            time.sleep(pause)

    return lambda _: Response(pieces())


@pytest.mark.parametrize(
    ("limits", "piece", "words"),
    [
        (fetching.Limits(largest=100_000), b"x" * 10_000, "more than 100,000 bytes"),
        (fetching.Limits(deadline=1), b"x", "longer than 1 seconds"),
    ],
)
def test_a_server_without_end_is_left(
    server: HTTPServer, limits: fetching.Limits, piece: bytes, words: str
) -> None:
    stop = threading.Event()
    server.expect_request("/").respond_with_handler(endless(piece, 0.05, stop))
    try:
        with pytest.raises(ScheduleError, match=words):
            fetching.fetch(server.url_for("/"), limits=limits)
    finally:
        stop.set()


def test_a_server_that_cannot_prove_its_name_is_not_believed(
    own: OwnPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        server.expect_request("/export.csv").respond_with_data(WHOLE)
        address = server.url_for("/export.csv")
        assert address.startswith("https://")
        assert fetched(own, address).exit_code == 3
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            assert fetched(own, address).exit_code == 0


@pytest.mark.parametrize(
    ("head", "end"),
    [
        ("Content-Length: {whole}", ""),
        ("Transfer-Encoding: chunked", "{half:x}"),
    ],
)
def test_a_file_that_the_line_cuts_off_is_not_imported(own: OwnPractice, head: str, end: str) -> None:
    own.bring(WHOLE)
    half = WHOLE[: WHOLE.index("2;")]
    sizes = {"whole": len(WHOLE.encode()), "half": len(half.encode())}
    body = f"{end.format(**sizes)}\r\n{half}\r\n" if end else half
    answer = f"HTTP/1.1 200 OK\r\n{head.format(**sizes)}\r\n\r\n{body}".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        ran = fetched(own, f"http://127.0.0.1:{listener.getsockname()[1]}/export.csv")
        thread.join()
    assert (ran.exit_code, "before a whole answer had come" in ran.stderr) == (3, True)
    assert own.standing().keys() == {"1", "2"}


@pytest.mark.parametrize("wrong", ["another name", "expired", "another authority"])
def test_a_certificate_that_proves_nothing_is_named(
    own: OwnPractice, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    authority = trustme.CA()
    signer = trustme.CA() if wrong == "another authority" else authority
    name = "example.org" if wrong == "another name" else "127.0.0.1"
    ended = datetime.now(UTC) - timedelta(days=1) if wrong == "expired" else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.issue_cert(name, not_after=ended).configure_cert(context)
    with (
        HTTPServer(host="127.0.0.1", ssl_context=context) as server,
        authority.cert_pem.tempfile() as trusted,
    ):
        server.expect_request("/export.csv").respond_with_data(WHOLE)
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        ran = fetched(own, server.url_for("/export.csv?key=secret"))
    assert (ran.exit_code, "certificate is not trusted" in ran.stderr) == (3, True)
    assert "secret" not in ran.stderr
