"""A gateway is one file and one line: one that is made up here is checked and made by the same functions."""

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from config_files import settings_of

from terminbenachrichtigung.clock import SYSTEM_CLOCK
from terminbenachrichtigung.config.channels import ProviderName, SmsSettings
from terminbenachrichtigung.config.problems import Problem
from terminbenachrichtigung.config.settings import RepliesSettings, Settings
from terminbenachrichtigung.config.validation import Draft
from terminbenachrichtigung.delivery import smscreator
from terminbenachrichtigung.delivery.provider import Provider, missing
from terminbenachrichtigung.delivery.registry import PROVIDERS, gateway_problems, make_gateway
from terminbenachrichtigung.model.delivery import OpenMessage, Unavailable


def _pigeon_problems(sms: SmsSettings) -> Iterator[Problem]:
    if sms.max_parts > 1:
        yield Problem("sms.max_parts", "a pigeon carries one part")
    if not sms.password.get_secret_value():
        yield missing("sms", "password")


PIGEON = Provider(
    base_url="http://127.0.0.1:1/loft",
    make=smscreator.SmsCreator,  # whatever can be made from settings, branches, a clock and a line
    sender_names=re.compile("[a-z]{1,5}"),
    sender_names_in_words="5 small letters",
    problems=_pigeon_problems,
    reply_problem=lambda _sms, sender: "pigeons fly home" if sender == "coo" else "",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    read = settings_of(tmp_path, {"sms.sender": "Praxis", "branches.HH1.sms_sender": "coo"})
    assert read.sms is not None
    # Only the file's own check of names stands between a made-up gateway and the configuration.
    return read.model_copy(update={"sms": read.sms.model_copy(update={"provider": "pigeon"})})


def test_the_configuration_and_the_registry_know_the_same_gateways() -> None:
    assert tuple(PROVIDERS) == typing.get_args(ProviderName)


def test_a_gateway_says_itself_what_it_cannot_do(settings: Settings) -> None:
    found = gateway_problems(Draft(settings), {"pigeon": PIGEON})
    assert [(each.key, each.text) for each in found] == [
        ("sms.max_parts", "a pigeon carries one part"),
        (
            "sms.sender",
            'is neither up to 5 small letters nor a valid phone number, as in "+491715555555"',
        ),
    ]


def test_replies_need_a_sender_that_can_be_answered(settings: Settings) -> None:
    answered = settings.model_copy(update={"replies": RepliesSettings(enabled=True)})
    found = gateway_problems(Draft(answered), {"pigeon": PIGEON})
    assert [(each.key, each.text) for each in found][2:] == [
        ("branches.HH1.sms_sender", "with replies.enabled: pigeons fly home")
    ]


def test_replies_need_sms(settings: Settings) -> None:
    without = settings.model_copy(update={"replies": RepliesSettings(enabled=True), "sms": None})
    assert [each.key for each in gateway_problems(Draft(without))] == ["replies.enabled"]


REPLY_SENDERS = [
    # gateway, its own section, the sender, whether anybody can answer it
    ("smscreator", {}, "+491715555555", False),  # how it hands out replies is not public
    ("lox24", {}, "Praxis", False),  # its section is missing, which is said elsewhere
    ("lox24", {"lox24": {"token": "a:b"}}, "Praxis", False),
    ("lox24", {"lox24": {"token": "a:b"}}, "+491715555555", True),  # a rented number
    ("lox24", {"lox24": {"token": "a:b", "service": "pro"}}, "Praxis", False),
    ("lox24", {"lox24": {"token": "a:b", "service": "economy"}}, "Praxis", True),
    ("lox24", {"lox24": {"token": "a:b", "service": "economy"}, "country_code": "+43"}, "Praxis", False),
    ("seven", {"seven": {"api_key": "k"}}, "Praxis", False),
    ("seven", {"seven": {"api_key": "k"}}, "+491715555555", True),
    ("seven", {"seven": {"api_key": "k"}}, "0171 5555555", True),
]


@pytest.mark.parametrize(("provider", "section", "sender", "answered"), REPLY_SENDERS)
def test_who_can_be_answered(provider: str, section: dict[str, Any], sender: str, answered: bool) -> None:
    sms = SmsSettings.model_validate({"provider": provider, "sender": sender, **section})
    assert (PROVIDERS[provider].reply_problem(sms, sender) == "") is answered


ACCOUNT = {"serial": "1", "password": "geheim"}


@pytest.mark.parametrize(
    ("provider", "section", "keys"),
    [
        ("smscreator", {}, ["sms.serial", "sms.password"]),
        ("smscreator", ACCOUNT, []),
        ("smscreator", {**ACCOUNT, "sms_type": "PSTNFixedLine"}, []),
        ("smscreator", {**ACCOUNT, "sms_type": "Express"}, ["sms.sms_type"]),
        ("lox24", {}, ["sms.lox24.token"]),
        ("lox24", {"lox24": {"token": "a:b"}}, []),
        ("seven", {}, ["sms.seven.api_key"]),
        ("seven", {"seven": {"api_key": "k"}, "max_parts": 9}, []),
        ("seven", {"seven": {"api_key": "k"}, "max_parts": 10}, ["sms.max_parts"]),  # too long a text
    ],
)
def test_what_a_gateway_misses_or_cannot_do(provider: str, section: dict[str, Any], keys: list[str]) -> None:
    sms = SmsSettings.model_validate({"provider": provider, "sender": "Praxis", **section})
    assert [problem.key for problem in PROVIDERS[provider].problems(sms)] == keys


@pytest.mark.parametrize(
    ("sms_type", "max_parts", "warned"),
    [
        ("auto", 3, False),
        ("HighQuality", 1, False),
        ("HighQuality", 2, True),  # the second part would not go out
        ("HighQualityLong", 3, False),
    ],
)
def test_a_kind_of_sms_with_one_part_alone_is_warned_about(
    sms_type: str, max_parts: int, warned: bool
) -> None:
    given = {"provider": "smscreator", "sender": "Praxis", "sms_type": sms_type, "max_parts": max_parts}
    found = list(PROVIDERS["smscreator"].warnings(SmsSettings.model_validate(given)))
    assert [f'sms.sms_type "{sms_type}" takes one part only' in each for each in found] == [True] * warned


def test_nothing_is_said_about_a_gateway_whose_name_is_doubtful(settings: Settings) -> None:
    doubtful = Draft(settings, frozenset({"sms.provider"}))
    assert list(gateway_problems(doubtful, {"pigeon": PIGEON})) == []


def test_a_gateway_is_made_with_a_line_of_its_own(settings: Settings) -> None:
    assert settings.sms is not None
    made = make_gateway(settings.sms, settings.branches, SYSTEM_CLOCK.now, providers={"pigeon": PIGEON})
    asked = made.find(OpenMessage("a", "+49171", SYSTEM_CLOCK.now()))
    assert asked == Unavailable("127.0.0.1: the connection was refused")
    made.close()
