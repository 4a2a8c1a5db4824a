"""The gateways that can be configured: one file each in this room, one line here.

The file is pure, so that `config check` asks it without paying for the network: `make_gateway` adds the line.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.checks import e164
from terminbenachrichtigung.config.keys import shown_value
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.validation import Draft
from terminbenachrichtigung.delivery import lox24, seven, smscreator
from terminbenachrichtigung.delivery.channel import Gateway
from terminbenachrichtigung.delivery.exchange import proxy_of
from terminbenachrichtigung.delivery.provider import Branches, Provider

PROVIDERS: Mapping[str, Provider] = {
    "smscreator": smscreator.PROVIDER,
    "lox24": lox24.PROVIDER,
    "seven": seven.PROVIDER,
}
"""By what stands in `[sms] provider`."""


def make_gateway(
    sms: SmsSettings,
    branches: Branches,
    clock: Callable[[], datetime],
    *,
    trusted: ssl.SSLContext | None = None,
    providers: Mapping[str, Provider] = PROVIDERS,
) -> Gateway:
    """The adapter of the configured gateway, on a line of its own; nothing is opened yet."""
    # Imported here, because the checks above need no network, and it costs a run 0.1 s.
    from terminbenachrichtigung.delivery.http import HttpLine  # noqa: PLC0415

    provider = providers[sms.provider]
    line = HttpLine(
        sms.base_url or provider.base_url,
        seconds=sms.timeout_seconds,
        connections=sms.concurrency + 1,  # the main thread asks for the balance
        proxy=proxy_of(sms),
        trusted=trusted,
    )
    return provider.make(sms, branches, clock, line)


def gateway_problems(draft: Draft, providers: Mapping[str, Provider] = PROVIDERS) -> Iterator[Problem]:
    """What the configured gateway has against the configuration: a check for `config.loading.load`."""
    sms = draft.settings.sms
    if sms is None:
        if draft.settings.replies.enabled:
            yield Problem("replies.enabled", "needs the section [sms]: only an SMS is answered here", "true")
        return
    if not draft.sound("sms.provider"):
        return
    provider = providers[sms.provider]
    yield from provider.problems(sms)
    if not draft.sound("sms.country_code"):
        return
    senders: list[tuple[KeyPath, str]] = [(("sms", "sender"), sms.sender)]
    senders += [
        (("branches", code, "sms_sender"), branch.sms_sender)
        for code, branch in draft.settings.branches.items()
        if branch.sms_sender
    ]
    for path, sender in senders:
        if not (provider.sender_names.fullmatch(sender) or e164(sender, sms.country_code)):
            names = provider.sender_names_in_words
            problem = f'is neither up to {names} nor a valid phone number, as in "+491715555555"'
            yield Problem(path_text(path), problem, shown_value(path, sender))
        elif draft.settings.replies.enabled and (why := provider.reply_problem(sms, sender)):
            yield Problem(path_text(path), f"with replies.enabled: {why}", shown_value(path, sender))


def gateway_warnings(sms: SmsSettings | None) -> tuple[str, ...]:
    """What the configured gateway finds odd in the configuration."""
    return () if sms is None else tuple(PROVIDERS[sms.provider].warnings(sms))
