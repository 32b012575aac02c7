"""The codes that records are known to have, and the roles of people, as an account sees them."""

import uuid
from collections.abc import Iterator
from typing import Any

from adsplatform.accounts.models import Account, Role
from adsplatform.naming import camel_case
from adsplatform.records.specification import entities

# What their ids are made from, so that they stay the same.
NAMESPACE = uuid.UUID("6d1f5c1e-6a0b-5d0e-9a3c-0c5d2f7e4b11")
NOBODY = uuid.UUID(int=0)

Row = dict[str, Any]


def code_definitions(account: Account) -> list[Row]:
    """The texts that columns of records are known to have; others load as well, with a warning."""
    codes = {(camel_case(column), text) for column, text in _known_texts()}
    return [
        {
            "codeDefinitionId": uuid.uuid5(NAMESPACE, f"{type_}/{code}"),
            **_of(account),
            "codeType": type_,
            "code": code,
            "codeDescription": code,
        }
        for type_, code in sorted(codes)
    ]


def _known_texts() -> Iterator[tuple[str, str]]:
    for entity in entities().values():
        for column, texts in entity.model.KNOWN_TEXTS.items():
            yield from ((column, text) for text in texts)


def user_roles(account: Account) -> list[Row]:
    """The roles that a person can have in an account, the one with most rights first."""
    return [
        {"userRoleId": uuid.uuid5(NAMESPACE, role.value), **_of(account), "userRoleName": role.value} for role in Role
    ]


def _of(account: Account) -> Row:
    stamps = {"created": account.created, "modified": account.created}
    return {"groupKey": account.pk, **stamps, "createdUserId": NOBODY, "modifiedUserId": NOBODY}
