"""The site map; the only module that knows every app."""

from django.contrib import admin
from django.urls import include, path

from adsplatform.accounts import api as accounts_api
from adsplatform.accounts import inbox as accounts_inbox
from enrollments import api as enrollments_api
from enrollments import inbox as enrollments_inbox
from syncs import api as syncs_api
from syncs import inbox as syncs_inbox

inbox_urls = [*accounts_inbox.urlpatterns, *enrollments_inbox.urlpatterns, *syncs_inbox.urlpatterns]
api_urls = [*accounts_api.urlpatterns, *enrollments_api.urlpatterns, *syncs_api.urlpatterns]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_urls, "api"))),
    path("", include((inbox_urls, "inbox"))),
]
