"""The URLs of the site."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from adsplatform.observability import probes
from adsplatform.rest import problems
from adsplatform.security_txt import security_txt

# Modules are named, not imported, because this package must not import the apps.
packages = ("adsplatform.accounts", "adsplatform.openapi", "enrollments")
inbox_urls = [path("", include(f"{package}.inbox")) for package in packages]
inbox_urls.append(path("", include("syncs.inbox.views")))
# All in lower case: rest.middleware converts every path.
api_urls = [path("", include(f"{package}.api")) for package in ("adsplatform.definitions", *packages)]
# Before the others, because “sync/uploads” looks like the address of a sync.
api_urls.append(path("", include("syncs.api.resumable_uploads")))
api_urls.append(path("", include("syncs.api.views")))
api_urls.append(path("", include("adsplatform.records_api.views")))
api_urls.append(path("", include("adsplatform.records_api.transactions")))
api_urls.append(path("", include("adsplatform.reports.views")))

# Without the links to pages of objects, which no model of ours has: time to resolve them grows with the square of the
# path's length.
admin_urls = [url for url in admin.site.get_urls() if getattr(url, "name", "") != "view_on_site"]
# People change their password in one place, in which attempts are limited.
to_password = admin.site.admin_view(RedirectView.as_view(pattern_name="inbox:password"))
admin_urls.insert(0, path("password_change/", to_password))

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.server_error

urlpatterns = [
    # Probes; the middleware of observability.probes answers them before all else.
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", include("syncs.metrics")),
    path(".well-known/security.txt", security_txt),
    # Browsers request it where no page names an icon: in the admin, and for answers of the API.
    path("favicon.ico", lambda request: redirect(static("inbox/icon.svg"))),
    path("admin/", (admin_urls, "admin", admin.site.name)),
    path("api/v1/", include((api_urls, "api"))),
    # Unknown paths of the API get a problem document even if DEBUG is on, and no redirect to a path with a slash.
    re_path("^api(?:/|$)", csrf_exempt(problems.not_found)),
    path("", include((inbox_urls, "inbox"))),
]
