"""Edited tweets: every version has an id of its own, and only the last one is what the person says.

Knows how a version names the ids of all: in `edit_info` of an archive, in `edit_history_tweet_ids` of X's API and in
`edit_control` of X's pages. Does not know texts.
"""

import re
from collections.abc import Iterable, Mapping

EditedVersions = tuple[str, ...]  # ids of one tweet's versions, the first first
_IDS = re.compile(r"\d{5,}")  # in a list that a table writes into one cell


def versions_of(record: Mapping[str, object]) -> EditedVersions:
    """The ids of all versions of the tweet that `record` is a version of; empty if it does not say."""
    info = record.get("edit_info")
    for kind in ("edit", "initial"):
        told = info.get(kind) if isinstance(info, dict) else None
        told = told.get("editControlInitial", told) if isinstance(told, dict) else None
        ids = told.get("editTweetIds") if isinstance(told, dict) else None
        if isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids):
            return tuple(ids)
    return ()


def listed_in(row: Mapping[str, object]) -> EditedVersions:
    """The same for the row of a table, whose columns are named without `_`."""
    history, control = row.get("edithistorytweetids"), row.get("editcontrol")
    if isinstance(control, dict):
        control = control.get("edit_control_initial", control)
        history = history or control.get("edit_tweet_ids")
    if isinstance(history, str):
        return tuple(_IDS.findall(history))
    if isinstance(history, list):
        return tuple(str(id_) for id_ in history)
    return versions_of({"edit_info": row.get("editinfo")})


def superseded(known: Iterable[EditedVersions], there: Iterable[str]) -> set[str]:
    """The ids of versions that are earlier than one that is `there`."""
    present = set(there)
    earlier: set[str] = set()
    for versions in known:
        # Ids grow with time; their order in the list is X's affair.
        in_order = sorted(versions, key=lambda id_: (len(id_), id_))
        last = max((place for place, id_ in enumerate(in_order) if id_ in present), default=0)
        earlier.update(in_order[:last])
    return earlier
