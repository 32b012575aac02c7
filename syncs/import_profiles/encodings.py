"""The encoding of a text file, from its bytes."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from syncs.import_profiles.inspected import Verdict

# Bytes to which Windows-1252 assigns no character.
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
# Enough to find out an encoding.
SEARCHED_BYTES = 4 * 1024**2
_LETTERS = {
    "cp1252": "äöüßÄÖÜàâçéèêëîïôùûœæÿÀÂÇÉÈÊËÎÏÔÙÛŒÆáíóúñÁÍÓÚÑåÅøØìòÌÒãõÃÕšŠžŽýÝªº",
    "cp1250": "äöüßÄÖÜéÉáíóúÁÍÓÚąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůžČĎĚŇŘŠŤŮŽýÝőűŐŰâîÂÎăşţĂŞŢëç",
    "mac-roman": "äöüßÄÖÜàâçéèêëîïôùûœæÿÀÂÇÉÈÊËÎÏÔÙÛŒÆáíóúñÁÍÓÚÑåÅøØ",
    "cp850": "äöüßÄÖÜàâçéèêëîïôùûæÿÀÂÇÉÈÊËÎÏÔÙÛÆáíóúñÁÍÓÚÑåÅøØ",
}
_SIGNS = "€£§°–—‘’“”„…«»·•©®™´`¨±²³µ½¼ \u00a0¿¡"
# An apostrophe stands in words, other signs do not.
_SIGN_IN_WORD = re.compile(rf"[^\W\d_][{re.escape(_SIGNS.replace('’', '').replace('‘', ''))}][a-z]")
# Encodings in which a few letters are at other places; the first is what Windows writes in Western Europe.
CANDIDATES = ("cp1252", "cp1250", "mac-roman", "cp850")
SHOWN_WORDS = 3
# What people call the encodings.
NAMES = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "cp1252": "Western Europe, Windows (cp1252)",
    "cp1250": "Central Europe, Windows (cp1250)",
    "iso-8859-15": "Western Europe, Unix (iso-8859-15)",
    "mac-roman": "Western Europe, Macintosh (mac-roman)",
    "cp850": "Western Europe, DOS (cp850)",
    "cp437": "DOS (cp437)",
}


@dataclass(frozen=True, slots=True)
class EncodingFinding:
    """The encoding, as a profile names it, and the codec's own name.

    `words` have letters that depend on it, first those in which the likely encodings differ.
    """

    verdict: Verdict
    encoding: str
    codec: str
    choices: tuple[str, ...] = ()
    words: tuple[bytes, ...] = ()

    def shown(self, encoding: str) -> str:
        """The words as an encoding would read them."""
        return ", ".join(f"“{word.decode(encoding, 'replace')}”" for word in self.words)

    def labels(self) -> dict[str, str]:
        """By encoding: how it would read the words, and what people call it."""
        first = self.shown(self.codec)
        same = {name for name in self.choices if self.words and name != self.encoding and self.shown(name) == first}
        return {
            name: f"{self.shown(name)}{' as well' if name in same else ''} – {NAMES[name]}"
            if self.words
            else NAMES[name]
            for name in self.choices or (self.encoding,)
        }


def judge_encoding(data: bytes, *, is_cut: bool = False) -> EncodingFinding:
    """The encoding of a file that begins with this data; `is_cut` if it goes on and may break off in a character."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return EncodingFinding(Verdict.SURE, "utf-16", "utf-16")
    start = data[:4]
    if len(start) > 3 and start[0] and not start[1] and start[2] and not start[3]:
        return EncodingFinding(Verdict.SURE, "utf-16", "utf-16-le")
    if len(start) > 3 and not start[0] and start[1] and not start[2] and start[3]:
        return EncodingFinding(Verdict.SURE, "utf-16", "utf-16-be")
    if _is_utf_8(data, is_cut=is_cut):
        return EncodingFinding(Verdict.SURE, "utf-8", "utf-8-sig")
    return _one_byte_encoding(data)


def _is_utf_8(data: bytes, *, is_cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return True


def _one_byte_encoding(data: bytes) -> EncodingFinding:
    """The encoding that makes letters of the bytes above 127. Where several do, it is asked."""
    found = (word for word in _WORD.findall(data[:SEARCHED_BYTES]) if not word.isascii())
    different = list(dict.fromkeys(found))[:5_000]
    odd = {encoding: _odd_words(different, encoding) for encoding in CANDIDATES}
    least = min(odd.values())
    fitting = tuple(encoding for encoding in CANDIDATES if odd[encoding] == least)
    chosen = fitting[0]
    words = tuple(sorted(different, key=lambda word: (_readings(word, fitting), len(word)), reverse=True)[:SHOWN_WORDS])
    # cp1250 shares most letters of Western Europe with cp1252, at the same places.
    is_likely = not least and (chosen == "cp1252" or len(fitting) == 1)
    return EncodingFinding(Verdict.LIKELY if is_likely else Verdict.OPEN, chosen, chosen, CANDIDATES, words)


def _readings(word: bytes, encodings: Sequence[str]) -> int:
    """In how many ways the encodings read the word."""
    return len({word.decode(encoding, "replace") for encoding in encodings})


def _odd_words(words: list[bytes], encoding: str) -> int:
    """In how many of the words a byte is neither a letter of the encoding's languages nor a usual sign."""
    usual, odd = set(_LETTERS[encoding] + _SIGNS), 0
    for word in words:
        if encoding == "cp1252" and _UNDEFINED.search(word):
            odd += 1
            continue
        text = word.decode(encoding, "replace")
        signs_in_word = _SIGN_IN_WORD.search(text)
        # An accented capital between small letters (`GrŽe`) is a letter read in the wrong encoding.
        odd_capital = any(
            after.isalpha() and after.islower() and before.isalpha() and before.islower() and letter.isupper()
            for before, letter, after in zip(text, text[1:], text[2:], strict=False)
        )
        if signs_in_word or odd_capital or any(ord(c) > 127 and c not in usual for c in text):
            odd += 1
    return odd
