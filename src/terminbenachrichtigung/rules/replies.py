"""What the words of an answer mean (contract, section 9). Pure; where it is not sure, a person reads it."""

import re
import unicodedata

from terminbenachrichtigung.model.reply import Answer

_WORDS = {
    **dict.fromkeys(("ja", "ok", "okay", "bestätigt", "yes", "oui", "1"), Answer.YES),
    **dict.fromkeys(
        ("nein", "absage", "absagen", "storno", "stornieren", "no", "non", "cancel", "2"), Answer.NO
    ),
    **dict.fromkeys(("stop", "stopp", "abmelden", "unsubscribe", "arrêt"), Answer.STOP),
}
_POLITE = frozenset({"bitte", "danke", "gerne", "please", "thanks", "merci"})


def understood(text: str) -> Answer:
    """What an answer says, if nothing else stands in it.

    "Ja, aber eine Stunde später" holds a yes and is none: every word must be of one kind, but for a please
    or a thank you. Whatever is not understood goes to a person, word for word.
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())
    kinds = {_WORDS.get(word, Answer.OTHER) for word in words if word not in _POLITE}
    return kinds.pop() if len(kinds) == 1 else Answer.OTHER
