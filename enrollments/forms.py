"""Forms of the Inbox about enrollments."""

from django import forms

from adsplatform.zones import zone_names
from enrollments.services import HOURS_OF_A_YEAR


class EnrollForm(forms.Form):
    """What is asked when an application is enrolled: a name, and what its connector wants to be told."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        help_text="For when you have two of this application. Left empty, it is called as the application.",
    )

    def __init__(self, *args, settings=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.settings = settings
        for position, setting in enumerate(settings):
            self.fields[f"setting_{position}"] = forms.CharField(
                label=setting.label, initial=setting.value, required=False, max_length=2048
            )

    def filled_settings(self, make):
        """The connector's settings with the values that were given."""
        return [
            make(setting, value=self.cleaned_data[f"setting_{position}"])
            for position, setting in enumerate(self.settings)
        ]


class EnrollmentForm(forms.Form):
    """An enrollment's settings that its owners and admins may change."""

    name = forms.CharField(label="Name", required=False, max_length=100)
    cron_settings = forms.CharField(
        label="Schedule",
        required=False,
        max_length=50,
        help_text="Five cron fields: “30 2 * * 1-5” is 02:30 on working days. Empty: by hand only.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sync_schedule_is_active = forms.BooleanField(label="The schedule is on", required=False)
    expected_every_hours = forms.IntegerField(
        label="Data expected at least every … hours",
        required=False,
        min_value=1,
        max_value=HOURS_OF_A_YEAR,
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

    def __init__(self, *args, has_schedule=True, time_zone="UTC", **kwargs):
        super().__init__(*args, **kwargs)
        if has_schedule:
            self.fields["cron_settings"].help_text += f" Read on the clocks of {time_zone}, the account's time zone."
            self.fields["expected_every_hours"].help_text += " Empty: as the schedule says."
        else:
            del self.fields["cron_settings"], self.fields["sync_schedule_is_active"]


class AccountForm(forms.Form):
    """The settings of an account that its owners and admins may change."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        help_text="Schedules are read on the clocks of this zone, with their changes to summer time and back.",
    )
