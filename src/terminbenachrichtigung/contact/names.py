"""Whether two names can be one person's name (contract, section 4). Journal and import both ask here."""

import hashlib
import re
import unicodedata

_WRITTEN_FOR_NOTHING = r"""
    NULL null None nan NaN NaT \N (null) (NULL) <null> <NULL> [null] [NULL] <NA> undefined n/a N/A
    #NV #N/A #NAME? #BEZUG! #REF! #WERT! #VALUE! #ZAHL! #NUM! #DIV/0! #NULL!
"""
NOTHING = frozenset(_WRITTEN_FOR_NOTHING.split())
"""What databases, spreadsheets and programs write where there is nothing. Exactly so: Null is a surname."""

_NO_NAME = frozenset({"frau", "herr", "herrn", "fr", "hr", "mr", "mrs", "ms", "dr", "med", "prof"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "å": "aa", "ł": "l"})
_NOTE = re.compile(
    r"[(\[][^)\]]*(?:[)\]]|$)"
    r"|(?:\b(?:geb(?:oren)?|born)\.?\s*(?:am\s+)?|[*∗]\s*)?(?<!\d)\d{1,2}[./]\s?\d{1,2}[./]\s?(?:\d{4}|\d{2})(?!\d)"
    r"|[*∗]\s*(?:19|20)\d{2}(?!\d)",
    re.I,
)
_SALUTATIONS = ("Frau", "Herr", "Mr", "Mrs", "Ms", "Mme", "Mlle", "Madame", "Monsieur")
_SEVERAL = re.compile(r"(?:^|\s)(?:und|u\.|&|\+|mit|et|and)\s", re.I)
_BETWEEN_WORDS = re.compile(r"[\s.,;()]+")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_ONLY_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~–—]*")


def says_nothing(text: str) -> bool:
    """Whether a text only says that there is nothing: `NULL`, `-`."""
    if text.strip() in NOTHING:
        return True
    # Nearly all begin with a letter, and an import asks for each cell.
    return not text[:1].isalpha() and _ONLY_PUNCTUATION.fullmatch(text) is not None


def name_words(*parts: str) -> frozenset[str]:
    """The words of a name as they are compared: without case, accents, salutation and title.

    `Frau Dr. Ida Müller` and `MUELLER, Ida` have the same words. A hyphen makes one word of two:
    `Meier-Schulz` is not `Meier`. Empty for no name, and for what stands in the place of one: `NULL`, `-`.
    """
    plain = " ".join(part for part in parts if not says_nothing(part)).casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain).translate(_UMLAUTS)
    if not plain.isascii():
        signs = unicodedata.normalize("NFKD", plain)
        plain = "".join(sign for sign in signs if not unicodedata.combining(sign))
    words = (word for word in _BETWEEN_WORDS.split(plain) if word.isalnum() or _SAYS_SOMETHING.search(word))
    return frozenset(words) - _NO_NAME


def without_notes(name: str) -> str:
    """A name without what people note beside it: what stands in brackets, and a date of birth.

    A text would carry it, and it may be an illness: `Meier (HIV)`, `Meier, Ida *01.02.1980`.
    """
    if not _NOTE.search(name):
        return name
    return " ".join(_NOTE.sub(" ", name).split()).replace(" ,", ",").strip(" ,;")


def parts_of_name(text: str) -> dict[str, str]:
    """Salutation, first and last name of `Frau Ida Meier` or `Meier, Ida`."""
    text = (without_notes(text) or text).replace(";", ",")
    found = {}
    word, _, rest = text.partition(" ")
    if word.rstrip(".,") in _SALUTATIONS and rest:
        if _SEVERAL.search(rest):
            return {"last_name": text}  # `Frau Meier und Herr Kurz` is not Frau Kurz
        found["salutation"], text = word.rstrip(","), rest
    last, comma, first = text.partition(",")
    if not comma:
        first, _, last = text.rpartition(" ")
    return found | {"first_name": first.strip(), "last_name": last.strip()}


def same_name(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one of two names, as `name_words` gives them, is the other or a part of it.

    `Meier` beside `Ida Meier` is one name; `Ida Meier` beside `Eva Meier` is not.
    An empty name is the same as no other.
    """
    return bool(one) and bool(other) and (one <= other or other <= one)


def keyed_hash(text: str, key: bytes) -> str:
    """A hash that nobody can reverse without the journal's key; hexadecimal, of 64 bits.

    Among a thousand million texts, the chance that any two have one hash is one in forty.
    """
    return hashlib.blake2b(text.encode(), digest_size=8, key=key).hexdigest()


def hashed_name(*parts: str, key: bytes) -> frozenset[str]:
    """One hash for each word of a name, so that `same_name` sees `Meier` in `Ida Meier`."""
    return frozenset(keyed_hash(word, key) for word in name_words(*parts))
