"""Give earlier keys the rights that their people have now, and revoke those of people who have none.

With which rights and which key they were made is not known. Safe to run twice; there are few keys.
"""

from django.db import migrations

RIGHTS = """
UPDATE accounts_apikey k SET role = m.role, is_of_staff = u.is_staff
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
 WHERE m.group_key = k.group_key AND m.user_id = k.created_user_id AND k.revoked IS NULL
"""
# Otherwise they would work again if the person came back.
REVOKE = """
UPDATE accounts_apikey k SET revoked = now()
 WHERE revoked IS NULL AND NOT EXISTS (
    SELECT FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
     WHERE m.group_key = k.group_key AND m.user_id = k.created_user_id AND u.is_active)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_key_rights")]

    operations = [migrations.RunSQL(RIGHTS, migrations.RunSQL.noop), migrations.RunSQL(REVOKE, migrations.RunSQL.noop)]
