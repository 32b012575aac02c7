"""The admin site: its name, and pages that are removed from it."""

from django.contrib import admin
from django_q import admin as queue_admin

admin.site.site_header = admin.site.site_title = "ADS Platform"
admin.site.index_title = "Administration"
# Lists are wide: the start page has the same links.
admin.site.enable_nav_sidebar = False

# django-q2's pages unpickle what its tables hold, so anyone who may edit them can run any function. Nothing is lost: a
# queue message is only a wake-up. The import above registers the pages, whatever the order of the apps.
for page in (queue_admin.Schedule, queue_admin.Success, queue_admin.Failure, queue_admin.OrmQ):
    if admin.site.is_registered(page):
        admin.site.unregister(page)
