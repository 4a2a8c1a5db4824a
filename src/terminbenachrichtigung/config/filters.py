"""What the filters of the configuration match: statuses as words, branches and types by patterns."""

import re
from collections.abc import Mapping
from functools import lru_cache

from terminbenachrichtigung.config.settings import Branch, Rules
from terminbenachrichtigung.safe_text import compared

_NO_BRANCH = Branch()


def leaves_out(branch_code: str, rules: Rules) -> bool:
    """Whether the branch filter leaves a branch out: not included, or excluded."""
    code = plain_word(branch_code)
    included = not rules.include_branches or patterns(rules.include_branches).fullmatch(code)
    return not included or bool(rules.exclude_branches and patterns(rules.exclude_branches).fullmatch(code))


def is_excluded_status(status: str, rules: Rules) -> bool:
    """Whether `rules.excluded_statuses` has this status."""
    return plain_word(status) in plain_words(rules.excluded_statuses)


def plain_word(text: str) -> str:
    """A status, a type or a branch as it is compared: without case, surrounding space and unseen signs.

    An umlaut is the same in one sign and in two, and a wide letter is the usual one.
    """
    return compared(text)


@lru_cache
def plain_words(words: tuple[str, ...]) -> frozenset[str]:
    """Statuses as they are compared."""
    return frozenset(map(plain_word, words))


@lru_cache
def patterns(texts: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns, which matches a word in lower case as a whole."""
    # Not fnmatch: there `HH[1]` would be a class of characters, and the filter only knows * and ?.
    plain = (re.escape(plain_word(text)) for text in texts)
    return re.compile("|".join(p.replace(r"\*", ".*").replace(r"\?", ".") for p in plain), re.DOTALL)


def branch_settings(branches: Mapping[str, Branch], code: str) -> Branch:
    """The settings of the branch with this `branch_code`; if no name is the same, case does not count."""
    if code in branches:
        return branches[code]
    folded = plain_word(code)
    return next((found for name, found in branches.items() if plain_word(name) == folded), _NO_BRANCH)
