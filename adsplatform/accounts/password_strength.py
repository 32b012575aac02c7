"""A validator of passwords: how many guesses an attacker who knows the usual patterns would need."""

import re
import unicodedata
from collections.abc import Iterator

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

from adsplatform.accounts.models import User

# Of 0 to 4: at least 10^8 guesses, so that a stolen hash is out of reach for most.
LEAST_SCORE = 3
# What comes after this would make the estimate slow and the password no weaker.
LONGEST = 72
PLATFORM = "ads platform adsplatform"
# A shorter part of a name is in too many words.
SHORTEST_NAME = 3


class StrengthValidator:
    """Refuses what zxcvbn finds easy to guess: common passwords, names, words, dates, keyboard rows, and mixtures.

    Names of the platform, the person and the person's accounts count for nothing, wherever they stand in the password.
    It looks into lists of its own and asks nobody on the network.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        # Its lists take half a second and 20 MB, which processes that set no password need not spend.
        from zxcvbn import zxcvbn

        names = sorted(set(_names(user)), key=len, reverse=True)
        guessed = _plain(password[:LONGEST])
        for name in names:
            guessed = guessed.replace(name, "")
        # The whole password too, because there zxcvbn finds names that are written backwards or with digits.
        for part in (password[:LONGEST], guessed):
            found = zxcvbn(part or "a", user_inputs=names)
            if found["score"] < LEAST_SCORE:
                feedback = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
                why = " ".join(f"{sentence.rstrip('.')}." for sentence in feedback if sentence)
                raise ValidationError(f"This password is too easy to guess. {why}".strip(), code="password_too_weak")

    def get_help_text(self) -> str:
        return "Your password must be hard to guess: three or four words that do not belong together are good."


def _names(user: AbstractBaseUser | None) -> Iterator[str]:
    """The parts of the names that are known to whoever guesses, in lower case."""
    texts = [PLATFORM, *(getattr(user, attribute, "") for attribute in ("email", "name"))]
    if isinstance(user, User) and user.pk:
        texts += user.memberships.values_list("group_key__name", flat=True)
    for text in texts:
        parts = re.findall(r"[^\W_]+", _plain(text))
        yield from (part for part in (*parts, "".join(parts)) if len(part) >= SHORTEST_NAME)


def _plain(text: str) -> str:
    """In lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
