"""Filters that several of the admin's lists have."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import QuerySet

from adsplatform.accounts.models import Account

# The text of a drop-down list while nothing is chosen.
ANY = "any"


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class NameOrIdField(forms.CharField):
    """A filter by a part of a name, or by an id; its value is the list of ids that `search` finds.

    A drop-down list of 10,000 accounts would be of no use, and a few ids let the database use its indexes.
    """

    MAX_FOUND = 100

    def __init__(self, *, search: Callable[[str], QuerySet[Any]], plural: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.search, self.plural = search, plural
        self.widget.attrs["placeholder"] = "name or id"

    def clean(self, value: Any) -> list[Any]:
        text = super().clean(value).strip()
        if not text:
            return []
        found = list(self.search(text).values_list("pk", flat=True)[: self.MAX_FOUND + 1])
        if not found:
            raise forms.ValidationError(f"No {self.plural} are called “{text}” or have it as their id.")
        if len(found) > self.MAX_FOUND:
            raise forms.ValidationError(
                f"More than {self.MAX_FOUND} {self.plural} are called “{text}”. Write more of the name."
            )
        return found


class NameOrIdFilter(django_filters.Filter):
    """Rows that refer to one of the objects found by a name or an id."""

    field_class = NameOrIdField

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="in", **kwargs)


def find_accounts(text: str) -> QuerySet[Account]:
    """Filters by account: by a part of its name, or by its GroupKey."""
    if group_key := as_uuid(text):
        return Account.objects.filter(pk=group_key)
    return Account.objects.filter(name__icontains=text)


class AccountFilter(NameOrIdFilter):
    def __init__(self, field_name: str = "group_key", **kwargs: Any) -> None:
        super().__init__(field_name, label="Account", search=find_accounts, plural="accounts", **kwargs)


class YesNoFilter(django_filters.BooleanFilter):
    """Yes, no, or any."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["widget"] = forms.Select(choices=[("", ANY), ("true", "Yes"), ("false", "No")])
        super().__init__(*args, **kwargs)
