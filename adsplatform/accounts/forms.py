"""Inbox forms for API keys."""

from datetime import datetime

from django import forms
from django.utils import timezone

from adsplatform.admin_lists.day_filters import DayInput, end_of


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
        help_text="Leave empty for a key without an end.",
        widget=DayInput,
    )
    is_read_only = forms.BooleanField(
        label="It may only read",
        required=False,
        help_text="Whoever gets hold of it can look, but change nothing.",
    )

    def clean_expires(self) -> datetime | None:
        """The end of the chosen day, in UTC."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError(f"The day {day:%d %b %Y} has passed. Choose today or a later one.")
        return end_of(day)
