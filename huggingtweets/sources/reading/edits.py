"""Edited tweets: each version has an id of its own, and only the last version counts.

Knows where a version names the ids of all versions: in `edit_info` in an archive, in `edit_history_tweet_ids` in X's
API, in `edit_control` in X's pages. Does not know texts.
"""

import re
from collections.abc import Iterable, Mapping

EditedVersions = tuple[str, ...]  # ids of one tweet's versions, the oldest first
_IDS = re.compile(r"\d{5,}")  # in a list that a table writes into one cell


def versions_of(record: Mapping[str, object]) -> EditedVersions:
    """The ids of all versions of the tweet in `record`; empty if it does not name them."""
    info = record.get("edit_info")
    for kind in ("edit", "initial"):
        facts = info.get(kind) if isinstance(info, dict) else None
        facts = facts.get("editControlInitial", facts) if isinstance(facts, dict) else None
        ids = facts.get("editTweetIds") if isinstance(facts, dict) else None
        if isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids):
            return tuple(ids)
    return ()


def listed_in(row: Mapping[str, object]) -> EditedVersions:
    """The same for a row of a table, where the names of columns have no `_`."""
    history, control = row.get("edithistorytweetids"), row.get("editcontrol")
    if isinstance(control, dict):
        control = control.get("edit_control_initial", control)
        history = history or control.get("edit_tweet_ids")
    if isinstance(history, str):
        return tuple(_IDS.findall(history))
    if isinstance(history, list):
        return tuple(str(id_) for id_ in history)
    return versions_of({"edit_info": row.get("editinfo")})


def superseded(edited: Iterable[EditedVersions], there: Iterable[str]) -> set[str]:
    """The ids of versions that are earlier than a version that is `there`."""
    present = set(there)
    earlier: set[str] = set()
    for versions in edited:
        # Ids grow with time. X does not promise an order of the list.
        in_order = sorted(versions, key=lambda id_: (len(id_), id_))
        last = max((place for place, id_ in enumerate(in_order) if id_ in present), default=0)
        earlier.update(in_order[:last])
    return earlier
