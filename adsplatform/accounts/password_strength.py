"""A validator of passwords: how many guesses an attacker who knows the usual patterns would need."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

# Of 0 to 4: at least 10^8 guesses, so that a stolen hash is out of reach for most.
LEAST_SCORE = 3
# What comes after this would make the estimate slow and the password no weaker.
LONGEST = 72


class StrengthValidator:
    """Refuses what zxcvbn finds easy to guess: common passwords, names, words, dates, keyboard rows, and mixtures.

    It looks into lists of its own and asks nobody on the network.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        # Its lists take half a second and 20 MB, which processes that set no password need not spend.
        from zxcvbn import zxcvbn

        of_person = [getattr(user, name, "") for name in ("email", "name")]
        known = [
            "ads",
            "platform",
            "adsplatform",
            *(part for text in of_person for part in text.replace("@", " ").split()),
        ]
        found = zxcvbn(password[:LONGEST], user_inputs=known)
        if found["score"] < LEAST_SCORE:
            feedback = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
            why = " ".join(f"{sentence.rstrip('.')}." for sentence in feedback if sentence)
            raise ValidationError(f"This password is too easy to guess. {why}".strip(), code="password_too_weak")

    def get_help_text(self) -> str:
        return "Your password must be hard to guess: three or four words that do not belong together are good."
