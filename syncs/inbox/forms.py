"""The upload form."""

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import filesizeformat

from enrollments.models import AppEnrollment


class UploadForm(forms.Form):
    """A file to load, into which enrollment, and whether it is everything there is."""

    # Before the file: where one that is too large is cut off, what comes after it is lost.
    enrollment = forms.ModelChoiceField(
        label="Load into",
        queryset=AppEnrollment.objects.none(),
        required=False,
        empty_label="Uploads",
        help_text="Records are matched by their key within one enrollment.",
    )
    file = forms.FileField(
        label="File",
        help_text="A ZIP with CSV, JSONL or Excel (XLSX) files, or one such file.",
        widget=forms.FileInput(attrs={"accept": ".zip,.csv,.txt,.tsv,.jsonl,.ndjson,.json,.xlsx,.xlsm"}),
        error_messages={
            "required": "Choose a file to upload.",
            "missing": "Choose a file to upload.",
            "empty": "This file is empty. Choose a file with data in it.",
        },
    )
    full = forms.BooleanField(
        label="This is the complete data set",
        required=False,
        help_text="Records that are not in it are deleted. Leave this off to add and change only.",
    )

    def __init__(self, *args, account, too_large="", limit=0, **kwargs):
        super().__init__(*args, **kwargs)
        self.too_large, self.limit = too_large, limit
        self.fields["enrollment"].queryset = (
            AppEnrollment.objects.of(account)
            .current()
            .filter(is_active=True, is_uploads=False)
            .select_related("app")
            .order_by("name", "app__name")
        )

    def _clean_fields(self):
        super()._clean_fields()
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error(
                "file",
                f"The file “{self.too_large}” is larger than the {filesizeformat(self.limit)} "
                f"({intcomma(self.limit)} bytes) that may be uploaded at once. Send it in parts.",
            )
