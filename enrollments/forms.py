"""The Inbox's forms about enrollments and the account."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import escape

from adsplatform.zones import zone_names
from enrollments.field_forms import SettingsForm
from enrollments.services import MAX_EXPECTED_HOURS
from syncs.connectors.protocol import Field

# What was typed unseen stays there while a connection is tried.
_SECRET = {"autocomplete": "new-password", "hx-preserve": "true"}


class UnseenText(forms.Textarea):
    """Several lines that a page never shows again once they were sent."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CredentialsForm(forms.Form):
    """A field for each credential that a connector declares; stored values are never displayed."""

    def __init__(self, *args: Any, declared: Sequence[Field] = (), replaces: bool = False, **kwargs: Any) -> None:
        """`replaces`: credentials exist already; fields left empty do not change them."""
        super().__init__(*args, **kwargs)
        self.declared = declared
        for credential in declared:
            widget: type[forms.Widget] = forms.PasswordInput if credential.is_secret else forms.TextInput
            attributes = _SECRET if credential.is_secret else {"autocomplete": "off"}
            if credential.type == "json":
                # What was typed cannot be hidden; it is not shown again.
                widget, attributes = UnseenText, attributes | {"rows": "6", "class": "code", "spellcheck": "false"}
            self.fields[f"credential_{credential.name}"] = forms.CharField(
                label=credential.label,
                required=credential.is_required and not replaces,
                max_length=10_000,
                strip=False,
                help_text=escape(credential.help_text),
                widget=widget(attrs=attributes),
            )

    @property
    def credentials(self) -> dict[str, str]:
        """The submitted values, by the names of `connectorInfo`."""
        filled = {credential.name: self.cleaned_data[f"credential_{credential.name}"] for credential in self.declared}
        return {name: value for name, value in filled.items() if value}


# What a schedule may be without writing it in cron fields.
BY_HAND, OWN = "none", "own"
SCHEDULES = (
    (BY_HAND, "By hand only"),
    ("0 * * * *", "Every hour"),
    ("0 2 * * *", "Every night at 02:00"),
    ("0 6 * * 1-5", "On working days at 06:00"),
    ("0 6 * * 1", "On Mondays at 06:00"),
    (OWN, "As written below"),
)
PREVIEW, LOAD, LATER = "preview", "load", "later"
FIRST_SYNCS = (
    (PREVIEW, "Preview it: it says what would be loaded, and changes nothing"),
    (LOAD, "Load everything at once"),
    (LATER, "Not now"),
)


class ScheduleForm(forms.Form):
    """When an enrollment is synced: chosen in words, or written in cron fields."""

    schedule = forms.ChoiceField(label="Schedule", required=False, choices=SCHEDULES)
    cron_settings = forms.CharField(
        label="Schedule in cron fields",
        required=False,
        max_length=50,
        help_text="For “As written below”: five fields, “30 2 * * 1-5” is 02:30 on working days.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def use_time_zone(self, time_zone: str) -> None:
        """Say on which clocks the schedule is read."""
        self.fields["schedule"].help_text = f"On the clocks of {time_zone}, the account's time zone."

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("schedule") == OWN and not self.cleaned_data.get("cron_settings"):
            self.add_error("cron_settings", "Write the five fields, or choose another schedule.")

    @property
    def cron(self) -> str | None:
        """The schedule in cron fields; None for syncs by hand only."""
        chosen = self.cleaned_data.get("schedule") or OWN
        if chosen == OWN:
            return self.cleaned_data.get("cron_settings") or None
        return None if chosen == BY_HAND else chosen


def schedule_initial(cron: str | None) -> dict[str, str]:
    """The values of a `ScheduleForm` for a schedule in cron fields."""
    if not cron:
        return {"schedule": BY_HAND}
    return {"schedule": cron} if cron in dict(SCHEDULES) else {"schedule": OWN, "cron_settings": cron}


class EnrollForm(ScheduleForm, SettingsForm, CredentialsForm):
    """The fields for enrolling in an application: a name, the connector's settings and credentials, the first sync."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        help_text="For when you have two of this application. Left empty, it is called as the application.",
    )

    first_sync = forms.ChoiceField(
        label="The first sync", required=False, choices=FIRST_SYNCS, initial=PREVIEW, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, fetches_data: bool = True, time_zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["name", *(f"setting_{field.name}" for field in self.declared_settings)])
        self.fetches_data = fetches_data
        self.use_time_zone(time_zone)
        if not fetches_data:
            for name in ("schedule", "cron_settings", "first_sync"):
                del self.fields[name]

    @property
    def first(self) -> str | None:
        """Whether the first sync is a PREVIEW, or to LOAD; None for none now."""
        chosen = self.cleaned_data.get("first_sync")
        return chosen if chosen in (PREVIEW, LOAD) else None

    @property
    def credential_fields(self) -> list[BoundField]:
        return [self[f"credential_{credential.name}"] for credential in self.declared]


class EnrollmentForm(ScheduleForm):
    """The settings of an enrollment that owners and admins may change."""

    name = forms.CharField(label="Name", required=False, max_length=100)
    sync_schedule_is_active = forms.BooleanField(label="The schedule is on", required=False)
    expected_every_hours = forms.IntegerField(
        label="Data expected at least every … hours",
        required=False,
        min_value=1,
        max_value=MAX_EXPECTED_HOURS,
        help_text="When nothing was loaded for longer, a notice says so.",
    )
    delete_limit_percent = forms.IntegerField(
        label="Delete limit, in percent",
        min_value=0,
        max_value=100,
        help_text="A full sync that would delete more of a kind of record stops and changes nothing.",
    )
    reject_limit_percent = forms.IntegerField(
        label="Problem limit, in percent",
        min_value=0,
        max_value=100,
        help_text="A sync fails and changes nothing if more of its lines cannot be loaded.",
    )

    def __init__(self, *args: Any, has_schedule: bool = True, time_zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["name"])
        self.use_time_zone(time_zone)
        if has_schedule:
            self.fields["expected_every_hours"].help_text += " Empty: as the schedule says."
        else:
            for name in ("schedule", "cron_settings", "sync_schedule_is_active"):
                del self.fields[name]

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, by the names of the enrollment."""
        changes = dict(self.cleaned_data)
        if "schedule" in self.fields:
            del changes["schedule"]
            changes["cron_settings"] = self.cron
        return changes


class AccountForm(forms.Form):
    """The settings of an account that owners and admins may change."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        help_text="Schedules are read on the clocks of this zone, with their changes to summer time and back.",
    )
