"""What the upload page's script calls to send a large file in parts: as the API does, but for whoever is signed in."""

from django.urls import path, reverse
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from adsplatform.accounts import row_security
from adsplatform.accounts.inbox_mixins import SESSION_KEY, Tenant, tenant_of
from adsplatform.accounts.models import User
from syncs.api.resumable_uploads import ResumableUploadViewSet
from syncs.models import ResumableUpload

# The size of the parts; smaller files come with the form.
PART_BYTES = 8 * 1024**2


class PersonAuthentication(BaseAuthentication):
    """The person who is signed in to the Inbox, in the account that they have chosen; their form's token is checked."""

    def authenticate(self, request: Request) -> tuple[User, Tenant] | None:
        user = request._request.user
        tenant = tenant_of(user, request._request.session.get(SESSION_KEY)) if isinstance(user, User) else None
        if tenant is None:
            return None
        # Django's own request, because DRF's would read the body to look for the token in a form.
        SessionAuthentication().enforce_csrf(request._request)  # type: ignore[arg-type]
        row_security.restrict_to(tenant.account.pk, tenant.user.pk)
        return tenant.user, tenant

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class UploadPartsViewSet(ResumableUploadViewSet):
    """Begin a file, add parts to it, ask how far it is, delete it. The form then names it in place of a file."""

    authentication_classes = (PersonAuthentication,)

    def address_of(self, upload: ResumableUpload) -> str:
        return reverse("inbox:upload-part", args=[upload.pk])


urlpatterns = [
    path("upload/parts/", UploadPartsViewSet.as_view({"post": "create"}), name="upload-parts"),
    path(
        "upload/parts/<str:pk>/",
        UploadPartsViewSet.as_view({"get": "look", "patch": "add", "delete": "remove"}),
        name="upload-part",
    ),
]
