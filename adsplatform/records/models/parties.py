"""Customers, vendors and their contacts; values of custom fields."""

from django.db import models

from adsplatform.records.fields import AmountField, AnyReference, Reference
from adsplatform.records.models.base import Record, SourceStamps, of_account, unique_key


class Company(SourceStamps, Record):
    """A customer, vendor or own company."""

    BATCH_KEY = "companies"
    SEARCHED = ("company_name", "reference_code", "tax_id")
    LISTED = ("company_type", "city", "country", "email_address", "phone_number", "default_currency_code", "is_active")
    READ_PATH = "Companies"
    HAS_NETWORK_ID = True
    LEGACY_COLUMNS = ("apEmailAddress", "arEmailAddress", "companyStatus")
    KNOWN_TEXTS = {"company_type": ("Company", "Customer", "Group", "Vendor", "Third Party", "CustomerVendor")}
    JSON_TEXTS = ("company_identifiers",)

    erp_key = models.CharField(max_length=100)
    company_name = models.CharField(max_length=100)
    company_type = models.CharField(max_length=20)
    parent_company = Reference("Company", null=True)
    is_active = models.BooleanField()
    default_currency_code = models.CharField(max_length=3, null=True)
    company_logo_url = models.CharField(max_length=512, null=True)
    primary_contact = Reference("Contact", null=True)
    address1 = models.CharField(max_length=170, null=True)
    address2 = models.CharField(max_length=170, null=True)
    address3 = models.CharField(max_length=170, null=True)
    address4 = models.CharField(max_length=170, null=True)
    city = models.CharField(max_length=100, null=True)
    state_region = models.CharField(max_length=60, null=True)
    postal_code = models.CharField(max_length=10, null=True)
    country = models.CharField(max_length=100, null=True)
    phone_number = models.CharField(max_length=20, null=True)
    fax_number = models.CharField(max_length=20, null=True)
    tax_id = models.CharField(max_length=30, null=True)
    duns_number = models.CharField(max_length=10, null=True)
    preferred_delivery_method = models.CharField(max_length=20, null=True)
    email_address = models.CharField(max_length=254, null=True)
    external_reference = models.TextField(null=True)
    company_registration_number = models.CharField(max_length=20, null=True)
    company_identifiers = models.TextField(null=True)
    reference_code = models.CharField(max_length=30, null=True)

    class Meta:
        constraints = [unique_key("company", "erp_key")]
        indexes = [of_account("company")]


class Contact(SourceStamps, Record):
    """A person at a company."""

    BATCH_KEY = "contacts"
    SEARCHED = ("contact_name", "email_address")
    LISTED = ("company", "title", "role_code", "email_address", "phone", "is_active")
    READ_PATH = "Contacts"
    HAS_NETWORK_ID = True

    erp_key = models.CharField(max_length=100)
    company = Reference("Company")
    contact_name = models.CharField(max_length=100, null=True)
    contact_code = models.CharField(max_length=20, null=True)
    title = models.CharField(max_length=50, null=True)
    role_code = models.CharField(max_length=20, null=True)
    email_address = models.CharField(max_length=200, null=True)
    phone = models.CharField(max_length=20, null=True)
    fax = models.CharField(max_length=20, null=True)
    locale = models.CharField(max_length=48, null=True)
    address1 = models.CharField(max_length=80, null=True)
    address2 = models.CharField(max_length=80, null=True)
    address3 = models.CharField(max_length=80, null=True)
    address4 = models.CharField(max_length=80, null=True)
    city = models.CharField(max_length=100, null=True)
    state_region = models.CharField(max_length=60, null=True)
    postal_code = models.CharField(max_length=10, null=True)
    country_code = models.CharField(max_length=2, null=True)
    is_active = models.BooleanField()
    webpage_url = models.CharField(max_length=512, null=True)
    picture_url = models.CharField(max_length=512, null=True)

    class Meta:
        constraints = [unique_key("contact", "erp_key")]
        indexes = [of_account("contact"), models.Index(fields=["company"], name="contact_of_company")]


class CustomField(SourceStamps, Record):
    """A value of a custom field, attached to another record."""

    BATCH_KEY = "customFields"
    SEARCHED = ("custom_field_label", "string_value")
    LISTED = ("table_key", "string_value", "numeric_value", "value", "record_key")
    READ_PATH = "CustomFieldValues"
    READ_MODEL = "CustomFieldValueModel"
    READ_HIDDEN = ("id", "erp_key")
    OTHER_NAMES = ("customFieldValues",)
    KEY = ("table_key", "erp_key", "custom_field_label")
    RENAMED_COLUMNS = {"entityType": "tableKey"}

    erp_key = models.CharField(max_length=255)
    table_key = models.CharField(max_length=40)
    custom_field_label = models.CharField(max_length=256)
    string_value = models.CharField(max_length=2048, null=True)
    numeric_value = AmountField(null=True, adds_up=False)
    value = models.CharField(max_length=2048, null=True)
    record_key = AnyReference(
        kind="table_key", key="erp_key", to=("Company", "Contact", "Invoice", "InvoiceLine", "Payment")
    )

    class Meta:
        constraints = [unique_key("custom_field", "table_key", "erp_key", "custom_field_label")]
        indexes = [of_account("custom_field"), models.Index(fields=["record_key"], name="custom_field_of_record")]
