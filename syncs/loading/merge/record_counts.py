"""Keeps how many records of each kind an enrollment has, in the transaction that changes them."""

from collections.abc import Mapping

from syncs.loading.context import MergeContext


def add_to_counts(context: MergeContext, inserted: Mapping[str, int], *deleted: Mapping[str, int]) -> None:
    """Add what was inserted and subtract what was deleted, each by the name of its kind."""
    names = {*inserted, *(name for each in deleted for name in each)}
    changes = {name: inserted.get(name, 0) - sum(each.get(name, 0) for each in deleted) for name in names}
    changed = sorted((name, change) for name, change in changes.items() if change)
    if not changed:
        return
    context.run(
        """
        INSERT INTO records_recordcount AS c (group_key, app_enrollment_id, entity, count)
        SELECT %(group_key)s, %(enrollment)s, entity, change
        FROM unnest(%(names)s::text[], %(changes)s::bigint[]) n (entity, change)
        ON CONFLICT (group_key, entity, app_enrollment_id) DO UPDATE SET count = c.count + excluded.count
        """,
        {"names": [name for name, _ in changed], "changes": [str(change) for _, change in changed]},
    )
