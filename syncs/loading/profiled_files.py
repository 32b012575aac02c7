"""Translates the files of a sync that are read by import profiles."""

from collections.abc import Mapping

from adsplatform.formula_guard import unescape_cell
from syncs.connectors.protocol import Source
from syncs.import_profiles.profile import ImportProfile
from syncs.import_profiles.translation import Translator
from syncs.loading.company_names import EnrollmentCompanies
from syncs.loading.context import MergeContext
from syncs.models import Upload


def translator_for(context: MergeContext, source: Source, profiles: Mapping[str, ImportProfile]) -> Translator:
    """The translator of what the source's connector yields."""
    return Translator(
        profiles,
        EnrollmentCompanies(context.stage.copy_thread, context.enrollment.pk),
        # In an archive, a file of companies may come after one that names them, and so it may in a folder or a tap.
        has_more_companies=source.content is None or source.format == Upload.Format.ZIP,
        unescape=unescape_cell,
    )
