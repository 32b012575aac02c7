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
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing: it controls something, or is ignored. A blank of any width is none."""
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or bool(_IS_UNSEEN.match(character))


def first_invisible(text: str) -> int | None:
    """The place of the first invisible character, or None."""
    if text.isascii() and text.isprintable():
        return None
    return next((at for at, character in enumerate(text) if is_invisible(character)), None)


def visible(text: str) -> str:
    """The text with each invisible character, and each blank that is no ordinary one, as its number: `[U+200B]`.

    NUL and bytes that are no text stay as they are; `printable` shows them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def numbered(character: str) -> str:
    """The number of a character, and its name if it has one: `U+200B (zero width space)`."""
    name = unicodedata.name(character, "").lower()
    return f"{_number_of(character)} ({name})" if name else _number_of(character)


def _shown(character: str) -> str:
    if character in " \0" or unicodedata.category(character) == "Cs":
        return character
    if is_invisible(character) or unicodedata.category(character) == "Zs":
        return f"[{_number_of(character)}]"
    return character


def _number_of(character: str) -> str:
    return f"U+{ord(character):04X}"
