"""Stand-in."""

urlpatterns = []
