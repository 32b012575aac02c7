"""The import profiles of an enrollment, for programs."""

from django.http import HttpResponse
from rest_framework.response import Response

from adsplatform.accounts.models import ADMINS, EVERYONE
from adsplatform.errors import PlatformError
from adsplatform.rest.operations import OBJECT, Component, Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet
from enrollments.models import AppEnrollment
from enrollments.wire import AppEnrollmentModel
from syncs.models import ImportProfileVersion
from syncs.services import import_profiles

PROFILES = Component(
    "ImportProfiles",
    lambda: {
        "type": "object",
        "description": "The import profiles of an enrollment, in the format that docs/import-profiles.md describes.",
        "properties": {"profiles": {"type": "array", "items": OBJECT}},
        "required": ["profiles"],
    },
)


class ImportProfileViewSet(WireViewSet[AppEnrollment]):
    """How the files of an enrollment are written, and what their columns mean."""

    http_method_names = ["get", "put", "head"]
    queryset = AppEnrollment.objects.current().select_related("app")
    wire_model = AppEnrollmentModel
    noun = "enrollment"
    roles = {"retrieve": EVERYONE, "replace": ADMINS}
    operations = {
        "retrieve": Operation(answer=PROFILES),
        "replace": Operation(body=PROFILES, answer=PROFILES, example={"profiles": []}),
    }
    documents = frozenset({"replace"})

    def retrieve(self, request: WireRequest, pk: str) -> HttpResponse:
        """All import profiles of an enrollment."""
        return _answer(import_profiles.current_profiles(self.get_object(pk)))

    def replace(self, request: WireRequest, pk: str) -> HttpResponse:
        """Save all profiles of the enrollment, as `profiles`; or one, given alone, beside the others."""
        enrollment, user, body = self.get_object(pk), request.caller.user, request.data
        if isinstance(body, dict) and "format" in body:
            import_profiles.save_document(enrollment, user, body)
            return _answer(import_profiles.current_profiles(enrollment))
        if not isinstance(body, dict) or not isinstance(body.get("profiles"), list) or len(body) > 1:
            raise PlatformError(
                "Send an import profile, or an object with the member “profiles”: the list of all profiles of the "
                "enrollment.",
                field="profiles",
            )
        return _answer(import_profiles.replace_profiles(enrollment, user, body["profiles"]))


def _answer(versions: list[ImportProfileVersion]) -> HttpResponse:
    """Each document with the number of its version, in the form in which it can be sent back."""
    return Response({"profiles": [{**version.document, "version": version.version} for version in versions]})
