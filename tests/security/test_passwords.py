"""New passwords may not be made of what an attacker of this platform tries first."""

import pytest
from django.core.exceptions import ValidationError

from adsplatform.accounts.models import User
from adsplatform.accounts.password_strength import StrengthValidator
from tests.factories import AccountFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
ANA = User(email="ana.smithson@example.com", name="Ana Smithson")


@pytest.mark.parametrize(
    "password", ["ADSPlatform2026", "platformADS!1", "ana.smithson@1", "Smithson2026!", "P@ssword2026", "qwertzuiop123"]
)
def test_words_of_the_platform_and_the_person_are_refused(password):
    with pytest.raises(ValidationError, match="This password is too easy to guess"):
        StrengthValidator().validate(password, ANA)


def test_words_that_do_not_belong_together_are_accepted():
    StrengthValidator().validate("lantern gravel oboe Tuesday", ANA)


@pytest.mark.parametrize("password", ["AcmeDemo2026!", "Demo-Company-2026", "acme_société#24", "societe2026!ACME"])
def test_names_of_the_accounts_of_a_person_are_refused(password):
    membership = MembershipFactory(group_key=AccountFactory(name="Demo Company"))
    MembershipFactory(group_key=AccountFactory(name="Société Acme"), user=membership.user)
    with pytest.raises(ValidationError, match="This password is too easy to guess"):
        StrengthValidator().validate(password, membership.user)
    StrengthValidator().validate("Acme lantern gravel oboe Tuesday", membership.user)
    StrengthValidator().validate(password * 2 + " lantern gravel oboe", UserFactory())
