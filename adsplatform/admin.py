"""The admin site itself: its name, and what does not belong in it."""

from django.contrib import admin
from django_q import admin as queue_admin

admin.site.site_header = admin.site.site_title = "ADS Platform"
admin.site.index_title = "Administration"

# The queue's own pages unpickle what stands in its tables, and let anyone who may edit them run any function.
# A message is only a bell; what was asked for is a sync request. Imported above, so that they are
# registered by now whatever the order of the apps.
for page in (queue_admin.Schedule, queue_admin.Success, queue_admin.Failure, queue_admin.OrmQ):
    if admin.site.is_registered(page):
        admin.site.unregister(page)
