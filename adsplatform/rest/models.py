"""The answers that the API stores for repeated requests."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, which the same request gets when it is sent again."""

    group_key = models.ForeignKey(
        "accounts.Account",
        on_delete=models.CASCADE,
        db_column="group_key",
        related_name="+",
        # `one_answer_per_idempotency_key` begins with this column.
        db_index=False,
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The method and path of the request.
    endpoint = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    # The parameters and body of the request, as an HMAC, because a body may contain credentials.
    asked = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        # For retention, oldest first.
        indexes = [models.Index(fields=["created"], name="kept_answer_by_age")]
        constraints = [
            models.UniqueConstraint("group_key", "user", "endpoint", "key", name="one_answer_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}"
