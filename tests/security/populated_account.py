"""An account with an object for every route, and how a person of each kind asks for one of them."""

import json
import re
from copy import deepcopy
from http.cookies import SimpleCookie
from io import BytesIO
from urllib.parse import urlencode
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from adsplatform.accounts.models import ApiKey, Role, StaffAction
from adsplatform.definitions.codes import code_definitions, user_roles
from adsplatform.records_api.kinds import RecordKind, kinds
from enrollments.models import Application
from syncs.connectors.protocol import ApplicationEntry, Connector, Field
from syncs.import_profiles.header_names import fingerprint
from syncs.models import SyncRequest
from syncs.services import resumable_uploads
from syncs.services.import_profiles import save_profile
from syncs.services.unanswered import receive_file
from tests.books import Books
from tests.factories import AppEnrollmentFactory, member
from tests.import_profiles.documents import document
from tests.loading.uploading import Uploads

COMPANY = "erpKey,companyName,companyType,isActive\n"
PROFILE = {
    "format": "import-profile/1",
    "name": "Private profile",
    "match": {"columns": ["Nr.", "Firma"], "fingerprint": fingerprint(["Nr.", "Firma"])},
    "read": {"header": 1},
    "styles": {"decimal": ",", "dates": "DD.MM.YYYY"},
    "records": [
        {
            "kind": "Company",
            "fields": {
                "erpKey": "Nr.",
                "companyName": "Firma",
                "companyType": {"constant": "Customer"},
                "isActive": {"constant": True},
            },
        }
    ],
}


def signed_in(membership) -> SimpleCookie:
    """The cookies of a browser in which this person has signed in."""
    client = Client()
    client.force_login(membership.user)
    return client.cookies


class PopulatedAccount:
    """An account with an object for every route, and a person of every kind."""

    def __init__(self):
        uploads = Uploads()
        self.account = uploads.account
        type(self.account).objects.filter(pk=self.account.pk).update(name="Private Ltd")
        self.enrollment = uploads.enrollment
        self.connected = AppEnrollmentFactory(group_key=self.account)
        guarded = Application.objects.create(name="Guarded ERP", app_type="Connector", connector="guarded-erp")
        self.guarded = AppEnrollmentFactory(group_key=self.account, app=guarded)
        granted = Application.objects.get(connector="xero")
        self.granted = AppEnrollmentFactory(group_key=self.account, app=granted)
        many = COMPANY + "".join(f"C{number},Private {number},Customer,true\n" for number in range(20))
        uploads.load(many, "companies.csv")
        self.rejected = uploads.load(f"{COMPANY}C1,,Customer,true\nC2,B,Customer,true\n", "companies.csv")
        self.preview = uploads.load(f"{COMPANY}C1,Preview,Customer,true\n", "companies.csv", dry_run=True)
        self.unfinished = resumable_uploads.begin(self.account, None, file_name="Private.csv", size=70)
        self.stopped = uploads.load(f"{COMPANY}C1,A,Customer,true\n", "companies.csv", full=True)
        assert self.stopped.status_code == "Failed"
        self.books = Books(self.account)
        self.detail = self.rejected.details.get(kind="error")
        self.profile = save_profile(self.enrollment, None, PROFILE)
        written = b"Kundennr.;Kunde\nK1;Private K\n"
        self.unanswered = receive_file(
            self.account, None, BytesIO(written), file_name="kunden.csv", enrollment=self.enrollment
        )
        roles = {"reader": Role.READ_ONLY, "member": Role.MEMBER, "admin": Role.ADMIN, "owner": Role.OWNER}
        self.people = {actor: member(role, self.account) for actor, role in roles.items()}
        self.people["staff"] = member(Role.OWNER, self.account, staff=True)
        self.people["stranger"] = member(Role.OWNER)
        self.browsers = {actor: signed_in(membership) for actor, (membership, _) in self.people.items()}
        # A key of another member of the account.
        other, _ = member(Role.MEMBER, self.account)
        self.key, _ = ApiKey.make(account=self.account, user=other.user, name="Private key")
        self.staff_action = StaffAction.objects.create(
            group_key=self.account, kind=StaffAction.Kind.MEMBERSHIP, message="Private action."
        )
        self.secrets = {str(self.account.pk), "Private", *(str(sync.pk) for sync in SyncRequest.objects.all())}

    def sync_for(self, route) -> SyncRequest:
        if "apply" in route or "differences" in route:
            return self.preview
        return self.stopped if "allow-deletes" in route else self.rejected

    def kind_of(self, route) -> RecordKind | None:
        """The kind of record that a route of the API reads."""
        path = route.removeprefix("api/v1/").partition("/")[0]
        return next((kind for kind in kinds().values() if kind.path.lower() == path), None)

    def address(self, route) -> str:
        if "apikeys" in route or "keys/" in route:
            pk = self.key.pk
        elif "applications" in route or route.startswith("enroll/"):
            pk = Application.objects.get(connector="xero" if route.endswith("/connect") else "demo-data").pk
        elif "codedefinitions" in route:
            pk = code_definitions(self.account)[0]["codeDefinitionId"]
        elif "transactions" in route:
            pk = self.books.invoice.pk
        elif "userroles" in route:
            pk = user_roles(self.account)[0]["userRoleId"]
        elif "notices/staff" in route:
            pk = self.staff_action.pk
        elif kind := self.kind_of(route):
            pk = self.books.id_of(kind)
        elif route.startswith("records/"):
            pk = self.books.invoice.pk
        elif route.startswith("uploads/"):
            pk = self.unanswered.pk
        elif "enrollments" in route:
            pk = self.guarded.pk if "credentials" in route else self.enrollment.pk
            pk = self.connected.pk if "source" in route else pk
            pk = self.granted.pk if route.rstrip("/").endswith(("/connect", "/tenant", "/disconnect")) else pk
        elif "uploads/" in route or "parts/" in route:
            pk = self.unfinished.pk
        else:
            pk = self.sync_for(route).pk
        path = re.sub(r"<(str|uuid):pk>", str(pk), route)
        path = path.replace("<uidb64>/<token>", "ab/cd")
        path = path.replace("<str:definition>", self.books.custom_field.custom_field_label)
        path = path.replace("<uuid:profile>", str(self.profile.pk))
        path = path.replace("<slug:name>", "aging")
        path = path.replace("<str:file>", "companies.csv").replace("<str:kind>", "companies")
        path = path.replace("<slug:kind>", "invoices")
        return "/" + re.sub(r"<(str|int):detail>", str(self.detail.pk), path)

    def body(self, route) -> dict | list:
        """A valid body; where it can refer to another object, it refers to one of this account."""
        return {
            "api/v1/apikeys": {"name": "Another"},
            "api/v1/appenrollments": [{"appId": str(self.enrollment.app_id)}],
            "api/v1/appenrollments/<str:pk>": {"isActive": "true"},
            "api/v1/appenrollments/<str:pk>/reconnect": {"password": "other"},
            "api/v1/appenrollments/<str:pk>/connect": {"tenant": "another"},
            "api/v1/appenrollments/<str:pk>/import-profile": document(),
            "api/v1/applications": {"name": "Another", "appType": "Connector"},
            "api/v1/applications/<str:pk>": {"name": "Renamed"},
            "api/v1/sync": {"appEnrollmentId": str(self.connected.pk)},
            "api/v1/sync/batch": {
                "appEnrollmentId": str(self.enrollment.pk),
                "companies": [{"erpKey": "C1", "companyName": "A", "companyType": "Customer", "isActive": True}],
            },
            "api/v1/sync/<str:pk>": {"statusCode": "Failed"},
            "api/v1/sync/<str:pk>/details/<str:detail>": {"values": {"companyName": "Bee"}},
            "account/": {"group_key": str(self.account.pk)},
            "account/settings/": {"time_zone": "Europe/Lisbon"},
            "enrollments/<uuid:pk>/": {"delete_limit_percent": 10, "reject_limit_percent": 100},
            "enrollments/<uuid:pk>/remove/": {"records": "remove", "name": str(self.enrollment)},
            "enrollments/<uuid:pk>/switch/": {"is_active": "true"},
            "enrollments/<uuid:pk>/credentials/": {"credential_password": "another"},
        }.get(route, {})

    def ask(self, actor, route, method):
        client = Client(raise_request_exception=False)
        _, key = self.people.get(actor, (None, ""))
        body, headers = self.body(route), {}
        if route.startswith("api/"):
            headers = {"Api-Key": key} if key else {}
            if route in ("api/v1/sync/zip", "api/v1/sync/zip/inspect") and method == "POST":
                file = SimpleUploadedFile("companies.csv", f"{COMPANY}C1,A,Customer,true\n".encode())
                address = f"{self.address(route)}?appEnrollmentId={self.enrollment.pk}"
                return client.post(address, {"file": file}, headers=headers)
            of_books = {"appEnrollmentId": self.books.enrollment.pk, "startDate": "2025-03-01", "endDate": "2025-03-01"}
            query = f"?appEnrollmentId={self.enrollment.pk}" if route == "api/v1/sync/batch" else ""
            if route.endswith(("balance-sheet", "income-statement", "trial-balance")):
                query = f"?{urlencode(of_books)}"
            text = json.dumps(body) if method not in ("GET", "OPTIONS") else ""
            return client.generic(
                method, self.address(route) + query, text, content_type="application/json", headers=headers
            )
        client.cookies = deepcopy(self.browsers.get(actor, SimpleCookie()))
        if method == "POST":
            return client.post(self.address(route), body)
        return client.generic(method, self.address(route))

    def secrets_in(self, answer, route) -> list[str]:
        """What of the account's an answer holds, but for the id that was asked for."""
        text = (answer.getvalue() if answer.streaming else answer.content).decode("utf-8", "replace")
        for id in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", self.address(route)):
            text = text.replace(id, "")
        return [secret for secret in self.secrets if secret in text]


class GuardedERP(Connector):
    """A connector that asks for a password; nothing is ever read from it."""

    application = ApplicationEntry(
        uuid4(),
        "guarded-erp",
        "Guarded ERP",
        "",
        "Connector",
        credentials=(Field("password", "Password", "password", is_secret=True),),
    )

    def check(self, settings, credentials):
        """Accept every password."""
        return ""

    def rows(self, source):
        yield from ()
