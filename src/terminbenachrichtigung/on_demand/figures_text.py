"""What `figures` prints: tables, one JSON document, or lines for a spreadsheet."""

from collections.abc import Iterator, Sequence

from terminbenachrichtigung.model.figures import EVERYBODY, Ending, Figures, Group, LeadTime, Section, Share
from terminbenachrichtigung.model.journal import State
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.on_demand.figures_words import WORDS
from terminbenachrichtigung.on_demand.history import as_csv
from terminbenachrichtigung.output.tables import Row, Table

_STATES = (State.DELIVERED, State.SENT, State.UNDELIVERED, State.FAILED, State.UNKNOWN)
_GROUPS = (Group.TOLD, Group.CONFIRMED, Group.NOT_TOLD)
_GROUP_WORDS = {
    Group.TOLD: "told",
    Group.CONFIRMED: "of these confirmed",
    Group.NOT_TOLD: "not told",
    Group.UNCERTAIN: "uncertain",
}


def figures_as_text(figures: Figures) -> Iterator[str | Table]:
    """Tables, and what has to be known to read them."""
    total = figures.total
    yield (
        f"Appointments from {figures.first_day} to {figures.last_day}: "
        f"{total.appointments(*EVERYBODY)} lie behind, {total.ahead} ahead."
    )
    if figures.first_remembered is not None:
        day = figures.first_remembered
        yield f"Those before {day} are not counted: the journal does not have all their messages."
    yield _messages(total)
    corrections = f" (corrections: {total.correction_parts})" if total.correction_parts else ""
    yield f"SMS parts paid for: {total.parts}{corrections}."
    yield f"Of the SMS sent, known to have arrived: {percent(total.delivered)}."
    yield Table(
        "How long before the start they were told",
        ("before", "messages"),
        tuple(Row((name, str(total.lead_times[each]))) for each, name in WORDS["en"].lead_times.items()),
    )
    yield _endings("What became of the appointments", [("", total)])
    for title, sections in (("By branch", figures.branches), ("By type", figures.types)):
        if len(sections) > 1:
            yield _endings(title, [(each.name or "(none)", each) for each in sections])
    uncertain = total.appointments(Group.UNCERTAIN)
    if uncertain:
        yield (
            f"Left out of both groups: {uncertain}, of which nobody knows whether they were told, "
            "or which another system was to tell."
        )
    yield (
        "In brackets: where the true share lies with 95 % confidence. No share is given with fewer than "
        "30 appointments. Whoever is not told often differs in other ways too."
    )


def _messages(section: Section) -> Table:
    channels = (*Channel, None)
    return Table(
        "Messages",
        ("channel", *_STATES),
        tuple(
            Row((channel or "both", *(str(section.sent(state, channel=channel)) for state in _STATES)))
            for channel in channels
        ),
    )


def _endings(title: str, sections: Sequence[tuple[str, Section]]) -> Table:
    return Table(
        title,
        ("where", "customer", "appointments", "came", "cancelled", "did not come"),
        tuple(
            Row(
                (
                    name,
                    _GROUP_WORDS[group],
                    str(section.appointments(group)),
                    *(counted(section.share(group, ending)) for ending in Ending),
                )
            )
            for name, section in sections
            for group in _GROUPS
            if section.appointments(group)
        ),
    )


def counted(share: Share) -> str:
    """`12: 8.3 % (4.8 to 14.0)`; the count alone where there are too few for a share."""
    return f"{share.count}: {percent(share)}" if share.interval else str(share.count)


def percent(share: Share) -> str:
    """`8.3 % (4.8 to 14.0)`, or why there is none."""
    rate, interval = share.rate, share.interval
    if rate is None or interval is None:
        return f"{share.count} of {share.of}, too few for a share"
    low, high = interval
    return f"{rate * 100:.1f} % ({low * 100:.1f} to {high * 100:.1f})"


# ---------------------------------------------------------------- for programs


def figures_as_json(figures: Figures) -> dict[str, object]:
    """The document of `figures --json`."""
    return {
        "command": "figures",
        "from": figures.first_day,
        "to": figures.last_day,
        "first_remembered": figures.first_remembered,
        "total": _section_json(figures.total),
        "weeks": [{"week": each.monday, **_section_json(each.section)} for each in figures.weeks],
        "branches": [{"branch": each.name, **_section_json(each)} for each in figures.branches],
        "types": [{"type": each.name, **_section_json(each)} for each in figures.types],
    }


def _section_json(section: Section) -> dict[str, object]:
    return {
        "ahead": section.ahead,
        "messages": {
            channel: {state: section.sent(state, channel=channel) for state in _STATES} for channel in Channel
        },
        "sms_parts": section.parts,
        "sms_parts_of_corrections": section.correction_parts,
        "sms_delivered": _share_json(section.delivered),
        "lead_times": {each: section.lead_times[each] for each in LeadTime},
        "appointments": {
            group: {
                "count": section.appointments(group),
                **{ending: _share_json(section.share(group, ending)) for ending in Ending},
            }
            for group in Group
        },
    }


def _share_json(share: Share) -> dict[str, object]:
    interval = share.interval
    return {
        "count": share.count,
        "of": share.of,
        "rate": None if share.rate is None else round(share.rate, 4),
        "interval": None if interval is None else [round(each, 4) for each in interval],
    }


def figures_as_csv(figures: Figures) -> str:
    """One line for all, then one for each week, branch and type; without a line break at its end."""
    places = [
        ("total", "", figures.total),
        *(("week", each.monday.isoformat(), each.section) for each in figures.weeks),
        *(("branch", each.name, each) for each in figures.branches),
        *(("type", each.name, each) for each in figures.types),
    ]
    columns = (
        *("section", "name"),
        *(f"{channel}_{state}" for channel in Channel for state in _STATES),
        *("sms_parts", "sms_parts_of_corrections"),
        *(f"{group}_{ending}" for group in Group for ending in Ending),
    )
    return as_csv(
        columns,
        (
            (
                kind,
                name,
                *(str(section.sent(state, channel=channel)) for channel in Channel for state in _STATES),
                *(str(section.parts), str(section.correction_parts)),
                *(str(section.endings[group, ending]) for group in Group for ending in Ending),
            )
            for kind, name, section in places
        ),
    )
