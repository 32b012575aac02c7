"""Filters that several of the admin's lists offer."""

from uuid import UUID

import django_filters
from django import forms

from adsplatform.accounts.models import Account

# What a drop-down shows while nothing is chosen.
ANY = "any"


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class RowsByName(forms.CharField):
    """Rows asked for by a part of their name or by their id; its value is the list of their ids.

    A drop-down of 10,000 accounts helps nobody, and a few ids let the database use its indexes.
    """

    MOST = 100

    def __init__(self, *, search, plural: str, **kwargs):
        super().__init__(**kwargs)
        self.search, self.plural = search, plural
        self.widget.attrs["placeholder"] = "name or id"

    def clean(self, value):
        text = super().clean(value).strip()
        if not text:
            return []
        found = list(self.search(text).values_list("pk", flat=True)[: self.MOST + 1])
        if not found:
            raise forms.ValidationError(f"No {self.plural} are called “{text}” or have it as their id.")
        if len(found) > self.MOST:
            raise forms.ValidationError(
                f"More than {self.MOST} {self.plural} are called “{text}”. Write more of the name."
            )
        return found


class RowsFilter(django_filters.Filter):
    """Rows that refer to any of those with a name."""

    field_class = RowsByName

    def __init__(self, field_name=None, **kwargs):
        super().__init__(field_name, lookup_expr="in", **kwargs)


def accounts_called(text: str):
    if group_key := as_uuid(text):
        return Account.objects.filter(pk=group_key)
    return Account.objects.filter(name__icontains=text)


class AccountFilter(RowsFilter):
    def __init__(self, field_name="group_key", **kwargs):
        super().__init__(field_name, label="Account", search=accounts_called, plural="accounts", **kwargs)


class YesNoFilter(django_filters.BooleanFilter):
    """Yes, no, or not asked."""

    def __init__(self, *args, **kwargs):
        kwargs["widget"] = forms.Select(choices=[("", ANY), ("true", "Yes"), ("false", "No")])
        super().__init__(*args, **kwargs)
