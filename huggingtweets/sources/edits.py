"""Edited tweets: every version has an id of its own, and only the last one is what the person says.

Knows `edit_info`, in which an archive's version names the ids of all. Does not know texts.
"""

from collections.abc import Iterable, Mapping

Versions = tuple[str, ...]  # ids of one tweet's versions, the first first


def versions_of(record: Mapping[str, object]) -> Versions:
    """The ids of all versions of the tweet that `record` is a version of; empty if it does not say."""
    info = record.get("edit_info")
    for kind in ("edit", "initial"):
        told = info.get(kind) if isinstance(info, dict) else None
        told = told.get("editControlInitial", told) if isinstance(told, dict) else None
        ids = told.get("editTweetIds") if isinstance(told, dict) else None
        if isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids):
            return tuple(ids)
    return ()


def superseded(known: Iterable[Versions], there: Iterable[str]) -> set[str]:
    """The ids of versions that are earlier than one that is `there`."""
    present = set(there)
    earlier: set[str] = set()
    for versions in known:
        # Ids grow with time; their order in the list is X's affair.
        in_order = sorted(versions, key=lambda id_: (len(id_), id_))
        last = max((place for place, id_ in enumerate(in_order) if id_ in present), default=0)
        earlier.update(in_order[:last])
    return earlier
