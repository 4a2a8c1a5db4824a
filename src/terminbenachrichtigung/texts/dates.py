"""A moment -> the words for it in a language, by the practice's clock (Babel, CLDR)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time


@dataclass(frozen=True, slots=True)
class Words:
    """When an appointment begins, for a person to read."""

    weekday: str  # Mittwoch
    date: str  # 25. November 2026
    date_short: str  # 25.11.2026
    day_month: str  # 25. November
    time: str  # 09:00; never with a.m. and p.m.


# A run meets few different starts: those of some days, mostly a quarter of an hour apart.
@lru_cache(maxsize=16_384)
def words(moment: datetime, zone: ZoneInfo, language: str) -> Words:
    """Say in `language` (`de`, `de-AT`) when the moment is; Babel must know the language or its base.

    Raises ValueError if it knows neither.
    """
    local = moment.astimezone(zone)
    locale = locale_of(language)
    date = format_date(local, "long", locale)
    day_month = format_skeleton("MMMMd", local.date(), locale=locale)
    if locale.language == "fr" and local.day == 1:  # an ordinal, for this one day only; CLDR leaves it out
        date, day_month = f"1er{date[1:]}", f"1er{day_month[1:]}"
    return Words(
        weekday=format_date(local, "EEEE", locale),
        date=date,
        # The language's own short form, but with the whole year.
        date_short=format_date(local, locale.date_formats["short"].pattern.replace("yy", "y"), locale),
        day_month=day_month,
        time=format_time(local.time(), locale.datetime_skeletons["Hm"].pattern, locale=locale),
    )


@cache
def locale_of(language: str) -> Locale:
    """The rules by which the language writes dates. Plain `en` is European: 25 November 2026.

    Raises ValueError if Babel knows neither the language nor its base.
    """
    known = "en_GB" if language.lower() == "en" else language.replace("-", "_")
    try:
        return Locale.parse(known)
    except (UnknownLocaleError, ValueError):
        base = known.rpartition("_")[0]
        if not base:
            raise ValueError(f"{language!r} is no language that Babel knows") from None
        return locale_of(base)
