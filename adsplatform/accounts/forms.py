"""Inbox forms for API keys and passwords."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib.auth import forms as auth_forms
from django.utils import timezone

from adsplatform.accounts.services import latest_end_of_keys, revoke_keys_of
from adsplatform.admin_lists.day_filters import DayInput, end_of

if TYPE_CHECKING:
    from adsplatform.accounts.models import User

    _KeysForm = auth_forms.SetPasswordForm[User]
else:
    _KeysForm = auth_forms.SetPasswordForm


class KeyForm(forms.Form):
    """The fields for creating an API key."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="What will use it, so that you know later which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires = forms.DateField(
        label="Last day it works",
        required=False,
        widget=DayInput,
    )
    is_read_only = forms.BooleanField(
        label="It may only read",
        required=False,
        help_text="Whoever gets hold of it can look, but change nothing.",
    )

    # Names this filling in of the form, so that sending it again makes no second key.
    once = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest = latest_end_of_keys()
        self.fields["expires"].help_text = f"At most until {self.latest:%d %b %Y}; leave empty for that day."

    def clean_expires(self) -> datetime | None:
        """The end of the chosen day, in UTC; on the last possible day, the last possible moment."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError(f"The day {day:%d %b %Y} has passed. Choose today or a later one.")
        if day > self.latest.date():
            raise forms.ValidationError(
                f"The day {day:%d %b %Y} is too late: a key works until {self.latest:%d %b %Y} at most. Choose an "
                "earlier one."
            )
        return min(end_of(day), self.latest)


class SetPasswordForm(_KeysForm):
    """A new password, and whether the person's API keys end with the old one."""

    revokes_keys = forms.BooleanField(
        label="Revoke all my API keys",
        required=False,
        help_text="Choose this if somebody else may know the password. Programs that use the keys need new ones.",
    )

    def revoke_keys_if_asked(self) -> str:
        """Revoke the keys of the person if the form says so; returns what was done."""
        if not self.cleaned_data["revokes_keys"]:
            return ""
        return f"API keys of yours that were revoked: {revoke_keys_of(self.user)}."


class PasswordForm(SetPasswordForm, auth_forms.PasswordChangeForm):
    """The same, for a person who has signed in and knows the old password."""
