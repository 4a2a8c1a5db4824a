"""What the filters of the configuration match: statuses by their words, branches and types by patterns."""

import re
from collections.abc import Mapping
from functools import lru_cache

from terminbenachrichtigung.config.settings import Branch, Rules

_NO_BRANCH = Branch()


def leaves_out(branch_code: str, rules: Rules) -> bool:
    """Whether the branch filter leaves a branch out: not included, or excluded."""
    code = branch_code.strip().casefold()
    included = not rules.include_branches or patterns(rules.include_branches).fullmatch(code)
    return not included or bool(rules.exclude_branches and patterns(rules.exclude_branches).fullmatch(code))


def is_excluded_status(status: str, rules: Rules) -> bool:
    """Whether an appointment with this status stands for none: cancelled, or whatever else is configured."""
    return status.strip().casefold() in plain_words(rules.excluded_statuses)


@lru_cache
def plain_words(words: tuple[str, ...]) -> frozenset[str]:
    """Statuses as they are compared: without case and surrounding space."""
    return frozenset(word.strip().casefold() for word in words)


@lru_cache
def patterns(texts: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all patterns, which matches a word in lower case as a whole."""
    # Not fnmatch: there `HH[1]` would be a class of characters, and the filter only knows * and ?.
    plain = (re.escape(text.strip().casefold()) for text in texts)
    return re.compile("|".join(p.replace(r"\*", ".*").replace(r"\?", ".") for p in plain), re.DOTALL)


def branch_settings(branches: Mapping[str, Branch], code: str) -> Branch:
    """The settings of the branch with this `branch_code`; other case counts if no name is the same."""
    if code in branches:
        return branches[code]
    folded = code.casefold()
    return next((found for name, found in branches.items() if name.casefold() == folded), _NO_BRANCH)
