"""One message per customer and reminder: what goes into it, and what if that is too much for it."""

from collections.abc import Iterable, Sequence

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model import Channel, PlannedMessage, Route
from terminbenachrichtigung.rules.contact import max_parts
from terminbenachrichtigung.rules.context import Candidate, Context

Bundle = list[Candidate]  # soonest first


def bundle(
    due: Bundle, carried: Sequence[Candidate], context: Context
) -> Iterable[tuple[PlannedMessage, Bundle]]:
    """Make the messages of one customer for one reminder; each with the candidates that it takes.

    All that are due are taken. Carried ones (not due yet, or held by the gap) stay behind, latest first,
    if the text has too many parts; if the due ones alone are too many, they take several messages.
    """
    together: Bundle = []
    apart: Bundle = []
    for candidate in due:
        # Who was refused before on every route of the others gets a message of its own, on its own routes.
        (together if _routes([*together, candidate], context) else apart).append(candidate)
    along = [each for each in _soonest_first(carried) if _routes(_soonest_first([*together, each]), context)]
    while along:
        everyone = _soonest_first([*together, *along])
        if routes := _fitting(everyone, context):
            yield _message(everyone, routes), everyone
            break
        along.pop()
    else:
        yield from _split(together, context)
    for candidate in apart:
        yield _message([candidate], _routes([candidate], context)), [candidate]


def _split(due: Bundle, context: Context) -> Iterable[tuple[PlannedMessage, Bundle]]:
    """One message if its text is not too long, else as few as the order of the appointments allows."""
    chunk, routes = due, _fitting(due, context)
    if not routes:
        chunk, routes = due[:1], _routes(due[:1], context)
        for candidate in due[1:]:
            longer = [*chunk, candidate]
            if fitting := _fitting(longer, context):
                chunk, routes = longer, fitting
            else:
                yield _message(chunk, routes), chunk
                chunk, routes = [candidate], _routes([candidate], context)
    yield _message(chunk, routes), chunk


def _message(chunk: Bundle, routes: tuple[Route, ...]) -> PlannedMessage:
    return PlannedMessage(
        reminder=chunk[0].name,
        customer_id=chunk[0].customer_id,
        appointments=tuple(candidate.appointment for candidate in chunk),
        routes=routes,
        gap_waived=any(candidate.gap is not None and candidate.gap.waived != "" for candidate in chunk),
    )


def _routes(bundle: Bundle, context: Context) -> tuple[Route, ...]:
    """The routes of the soonest, without recipients that were refused before for one of the others."""
    routes = context.allowed_routes(bundle[0])
    refused = frozenset().union(*(context.rejected(candidate) for candidate in bundle))
    return tuple(route for route in routes if route.recipient not in refused) if refused else routes


def _fitting(bundle: Bundle, context: Context) -> tuple[Route, ...]:
    """The routes on which one message can take them all; none if the first one cannot."""
    routes = _routes(bundle, context)
    if len(bundle) == 1 or not routes:
        return routes  # that its text fits alone was seen when its channels were chosen
    if not _fits(bundle, routes[0].channel, context):
        return ()
    return (routes[0], *(route for route in routes[1:] if _fits(bundle, route.channel, context)))


def _fits(bundle: Bundle, channel: Channel, context: Context) -> bool:
    try:
        count = context.parts(bundle[0].name, channel, tuple(each.appointment for each in bundle))
    except MessageError:
        return False
    limit = max_parts(context.settings, channel)
    return limit is None or count <= limit


def _soonest_first(candidates: Iterable[Candidate]) -> Bundle:
    return sorted(candidates, key=lambda candidate: candidate.order)
