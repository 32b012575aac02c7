"""Text for sentences: characters that nobody can see are written by their number, like U+200B."""

import re
import unicodedata

# Characters of other categories than Cc, Cf, Zl and Zp that show nothing: combining joiners, fillers, selectors of
# variants, and the empty Braille pattern.
_UNSEEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef"
)  # fmt: skip
_IS_UNSEEN = re.compile(f"[{_UNSEEN}]")
# What would break a line of a log or a header, and what PostgreSQL cannot store.
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Sentences from which quoted values are cut, and how long a sentence, and its end, may be in any case.
_LONG, _LONGEST, _END = 1_000, 4_000, 500
_LONG_QUOTE = re.compile("“([^”]{100})[^”]++(?:”|\\Z)")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing: it controls something, or is ignored. A blank of any width is none."""
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or bool(_IS_UNSEEN.match(character))


def first_invisible(text: str) -> int | None:
    """The place of the first invisible character, or None."""
    if _is_all_visible(text):
        return None
    return next((at for at, character in enumerate(text) if is_invisible(character)), None)


def visible(text: str) -> str:
    """The text with each invisible character, and each blank that is no ordinary one, as its number: `[U+200B]`.

    NUL and bytes that are no text stay as they are; `printable` shows them.
    """
    return text if _is_all_visible(text) else "".join(map(_shown, text))


def without_invisible(text: str) -> str:
    """The text without its invisible characters; white space stays."""
    if _is_all_visible(text):
        return text
    return "".join(character for character in text if character.isspace() or not is_invisible(character))


def file_name(text: str) -> str:
    """A file's name to show, to store and to put into a header; no character makes it look like another name."""
    return without_invisible(_BREAKING.sub("_", text))


def sentence(text: str) -> str:
    """A sentence to show: invisible characters as their numbers, and of bounded length whatever it quotes."""
    text = visible(text)
    if len(text) > _LONG:
        closed, mark, rest = text.rpartition("”")
        text = _LONG_QUOTE.sub(r"“\1…”", closed + mark) + rest
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - _END]} … {text[-_END:]}"
    return text


def numbered(character: str) -> str:
    """The number of a character, and its name if it has one: `U+200B (zero width space)`."""
    name = unicodedata.name(character, "").lower()
    return f"{_number_of(character)} ({name})" if name else _number_of(character)


def _is_all_visible(text: str) -> bool:
    """Whether no character is invisible, nor a blank that is no ordinary one."""
    return text.isprintable() and (text.isascii() or not _IS_UNSEEN.search(text))


def _shown(character: str) -> str:
    if character in " \0" or unicodedata.category(character) == "Cs":
        return character
    if is_invisible(character) or unicodedata.category(character) == "Zs":
        return f"[{_number_of(character)}]"
    return character


def _number_of(character: str) -> str:
    return f"U+{ord(character):04X}"
