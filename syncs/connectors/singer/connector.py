"""The connector for any Singer tap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.protocol import (
    ApplicationEntry,
    Connector,
    Form,
    KindOffered,
    Programs,
    Source,
    SourceItems,
    Vocabulary,
)
from syncs.connectors.record_kinds import KINDS
from syncs.connectors.singer import taps
from syncs.connectors.singer.catalog import names_of, wanted
from syncs.connectors.singer.excerpt import excerpt
from syncs.connectors.singer.form import CREDENTIALS, SETTINGS, TAP, plan_in
from syncs.connectors.singer.reading import Reading
from syncs.connectors.singer.run import TapRun


@register
class Singer(Connector):
    """Reads the streams of a tap, as import profiles say what they are."""

    application = ApplicationEntry(
        app_id=UUID("b7a1c9d2-6a44-4f0e-8c15-52f2f7a9d318"),
        connector="singer",
        name="Singer Tap",
        description="Reads any source for which there is a Singer tap: a program that is installed with the platform.",
        app_type="Connector",
        settings=SETTINGS,
        credentials=CREDENTIALS,
        group="Any Singer tap",
        has_own_names=True,
    )

    def describe(self, settings: Mapping[str, str] | None = None, credentials: Mapping[str, str] | None = None) -> Form:
        tap, *others = self.application.settings
        return Form((replace(tap, choices=taps.choices()), *others), self.application.credentials)

    def programs(self, settings: Mapping[str, str]) -> Programs:
        return taps.tap_named(settings.get(TAP.name, "").strip()).programs

    def kinds(self) -> Sequence[KindOffered]:
        return [
            KindOffered(kind, kind, is_incremental=True, deletes="where the tap sends all of a stream")
            for kind in KINDS
        ]

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        plan = plan_in(settings, credentials)
        with TapRun(plan) as run:
            offered = run.discover()
            streams = wanted(offered, plan)
        count = f"{len(offered):,} stream{'' if len(offered) == 1 else 's'}"
        chosen = f"{len(streams):,} of its {count}" if len(streams) < len(offered) else count
        return f"The tap “{plan.tap.name}” offers {chosen}: {names_of(streams)}."

    def sample(
        self, settings: Mapping[str, str], credentials: Mapping[str, str], vocabulary: Vocabulary, rows: int
    ) -> SourceItems:
        return excerpt(plan_in(settings, credentials), rows)

    def rows(self, source: Source) -> SourceItems:
        return Reading(source, plan_in(source.settings, source.credentials)).items()
