"""What tests start from."""

from datetime import timedelta

import factory
from django.utils import timezone

from adsplatform.accounts.models import Account, ApiKey, Membership, Role, User
from enrollments.models import AppEnrollment, Application
from syncs.models import ControlTotal, SyncEntityResult, SyncRequest, SyncResultDetail
from syncs.models.notices import Notice


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account

    name = factory.Sequence("Company {}".format)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence("person{}@example.com".format)
    name = factory.Sequence("Person {}".format)

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        self.set_password(extracted or "correct horse battery")
        self.save()


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    group_key = factory.SubFactory(AccountFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


class AppEnrollmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AppEnrollment

    group_key = factory.SubFactory(AccountFactory)
    app = factory.LazyFunction(lambda: Application.objects.get(connector="demo-data"))


class SyncRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SyncRequest

    class Params:
        queued = factory.Trait(status_code=SyncRequest.Status.CONNECTOR)
        running = factory.Trait(
            status_code=SyncRequest.Status.IN_PROGRESS,
            started=factory.LazyFunction(timezone.now),
            lease_expires=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=30)),
        )
        succeeded = factory.Trait(status_code=SyncRequest.Status.SUCCESS, finished=factory.LazyFunction(timezone.now))
        failed = factory.Trait(status_code=SyncRequest.Status.FAILED, finished=factory.LazyFunction(timezone.now))

    app_enrollment = factory.SubFactory(AppEnrollmentFactory)
    group_key = factory.SelfAttribute("app_enrollment.group_key")
    connector = "demo-data"


class SyncEntityResultFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SyncEntityResult

    sync_request = factory.SubFactory(SyncRequestFactory, succeeded=True)
    group_key = factory.SelfAttribute("sync_request.group_key")
    entity = "Invoice"


class ControlTotalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ControlTotal

    sync_request = factory.SubFactory(SyncRequestFactory, succeeded=True)
    group_key = factory.SelfAttribute("sync_request.group_key")
    entity = "Invoice"
    column = "totalAmount"


class SyncResultDetailFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SyncResultDetail

    sync_request = factory.SubFactory(SyncRequestFactory, succeeded=True)
    group_key = factory.SelfAttribute("sync_request.group_key")
    entity = "Invoice"
    kind = SyncResultDetail.Kind.ERROR
    erp_key = factory.Sequence("I{}".format)
    file = "invoices.csv"
    line = factory.Sequence(lambda n: n + 2)
    column = "totalAmount"
    value = "twelve"
    code = "bad_number"
    message = "totalAmount: “twelve” is not a number. Write it with digits and a point, like 1234.50."
    raw_line = "I1,twelve"


class NoticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Notice

    app_enrollment = factory.SubFactory(AppEnrollmentFactory)
    group_key = factory.SelfAttribute("app_enrollment.group_key")
    kind = Notice.Kind.STALE
    message = "No data of Lisbon were loaded yet."
    opened = factory.LazyFunction(timezone.now)


def member(role=Role.OWNER, account=None, **user):
    """A user with a role in an account (a new one unless given), and an API key; returns membership, key."""
    membership = MembershipFactory(role=role, user=UserFactory(**user), **({"group_key": account} if account else {}))
    _, key = ApiKey.make(
        account=membership.group_key, user=membership.user, name="test", is_of_staff=membership.user.is_staff
    )
    return membership, key
