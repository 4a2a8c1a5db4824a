"""One message per customer and reminder: which appointments it names, and what if its text is too long."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import chain

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.plan import Channel, PlannedMessage, Route
from terminbenachrichtigung.rules.contact import max_parts
from terminbenachrichtigung.rules.context import Candidate, Context

Bundle = list[Candidate]  # soonest first


def bundle(due: Bundle, carried: Bundle, context: Context) -> Iterable[tuple[PlannedMessage, Bundle]]:
    """Make the messages of one customer for one reminder; each with the candidates that it takes.

    All that are due are taken. Carried ones (not due yet, or held by the gap) stay behind, latest first,
    if the text has too many parts; if the due ones alone are too many, they take several messages.
    """
    together, along, apart = _apart(_in_order(due), _in_order(carried), context)

    def with_first(count: int) -> Bundle:
        return _in_order([*together, *along[:count]])

    taken = len(along)
    if along and not _fitting(with_first(taken), context):
        # One customer may have thousands of appointments. Halving finds with a dozen texts how many fit.
        taken = bisect_left(range(1, taken), True, key=lambda count: not _fitting(with_first(count), context))
    everyone = with_first(taken)
    if routes := _fitting(everyone, context):
        yield _message(everyone, routes, context), everyone
    else:
        yield from _split(together, context)
    for candidate in apart:
        yield _message([candidate], context.allowed_routes(candidate), context), [candidate]


def _in_order(candidates: Iterable[Candidate]) -> Bundle:
    return sorted(candidates, key=lambda candidate: candidate.order)


def _apart(due: Bundle, carried: Bundle, context: Context) -> tuple[Bundle, Bundle, Bundle]:
    """Those due and those carried that can share a message, and those due that need one of their own.

    A message does not go to a recipient that was refused for one of its appointments. An appointment that
    would leave the shared message without a route gets its own, or stays behind if it is only carried.
    """
    together: Bundle = []
    along: Bundle = []
    apart: Bundle = []
    refused: frozenset[str] = frozenset()
    for candidate in due:
        refused_too = refused | context.rejected([candidate.appointment])
        if _without(refused_too, due[0], context):
            refused = refused_too
            together.append(candidate)
        else:
            apart.append(candidate)
    for candidate in carried:
        soonest = min(candidate, due[0], key=lambda each: each.order)
        if _without(refused | context.rejected([candidate.appointment]), soonest, context):
            along.append(candidate)
    return together, along, apart


def _split(due: Bundle, context: Context) -> Iterable[tuple[PlannedMessage, Bundle]]:
    """As few messages as the order of the appointments allows, where one text would be too long."""
    chunk, routes = due[:1], context.allowed_routes(due[0])
    for candidate in due[1:]:
        longer = [*chunk, candidate]
        if fitting := _fitting(longer, context):
            chunk, routes = longer, fitting
        else:
            yield _message(chunk, routes, context), chunk
            chunk, routes = [candidate], context.allowed_routes(candidate)
    yield _message(chunk, routes, context), chunk


def _message(chunk: Bundle, routes: tuple[Route, ...], context: Context) -> PlannedMessage:
    return PlannedMessage(
        reminder=chunk[0].name,
        customer_id=chunk[0].customer_id,
        appointments=tuple(candidate.appointment for candidate in chunk),
        routes=routes,
        gap_waived=any(candidate.gap is not None and candidate.gap.waived != "" for candidate in chunk),
        again=frozenset(chain.from_iterable(map(context.overtaken, chunk))),
    )


def _without(refused: frozenset[str], soonest: Candidate, context: Context) -> tuple[Route, ...]:
    """The routes of the soonest, without recipients that were refused before for one of the others."""
    routes = context.allowed_routes(soonest)
    return tuple(route for route in routes if route.recipient not in refused) if refused else routes


def _fitting(bundle: Bundle, context: Context) -> tuple[Route, ...]:
    """The routes on which one message can take them all; none if the first one cannot."""
    refused = context.rejected(candidate.appointment for candidate in bundle)
    routes = _without(refused, bundle[0], context)
    if len(bundle) == 1 or not routes:
        return routes  # its text alone fits: its channels were chosen by that
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
