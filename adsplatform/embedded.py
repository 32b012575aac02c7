"""Stand-in until the embedded database lands."""


def database_settings(var_dir):
    return {"ENGINE": "django.db.backends.postgresql", "HOST": "/tmp"}
