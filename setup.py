"""What pyproject.toml cannot say: two folders beside the packages are installed inside one of them."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["adsplatform*", "enrollments*", "syncs*"]),
        "adsplatform.templates",
        "adsplatform.static",
    ],
    package_dir={"adsplatform.templates": "templates", "adsplatform.static": "static"},
)
