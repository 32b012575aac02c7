"""Replace the keys of sessions by their digests, so that a copy of the database contains no usable key.

People stay signed in. On the way back, the keys cannot be restored: everyone has to sign in again.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_keys_end_with_people"), ("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "UPDATE django_session SET session_key = left(encode(sha256(session_key::bytea), 'hex'), 40)",
            migrations.RunSQL.noop,
        )
    ]
