"""What is understood of a file before anything is learned from it: its form, whose it is, what becomes of its tweets.

Knows sources and cleaning. Keeps nothing. Does not know how a preview is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from huggingtweets.core.records import JSON, Account, Counts
from huggingtweets.sources.owners import Owned
from huggingtweets.tweets.learned.clean import clean_all

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """`left_out` has the posts that the reader of this form passed over, by reason; `counts` have no part in them.

    `texts` are the first texts that would be learned, and `contexts` is the number of all that have a context.
    """

    path: str
    form: str
    encoding: str
    account: Account | None
    counts: Counts
    left_out: Mapping[str, int]
    period: tuple[datetime, datetime] | None
    contexts: int
    texts: tuple[str, ...]
    notes: tuple[str, ...]

    def as_json(self) -> JSON:
        return {
            "path": self.path,
            "form": self.form,
            "encoding": self.encoding,
            "account": self.account.as_json() if self.account else None,
            **self.counts.as_json(),
            "left_out": dict(self.left_out),
            "first": self.period[0].isoformat() if self.period else None,
            "last": self.period[1].isoformat() if self.period else None,
            "contexts": self.contexts,
            "texts": list(self.texts),
            "notes": list(self.notes),
        }


def preview(file: Owned) -> Preview:
    """What is in `file`. Raises `BadSource`."""
    collected = file.read()
    learnable, counts = clean_all(collected.tweets)
    return Preview(
        path=str(file.path),
        form=collected.form,
        encoding=collected.encoding,
        account=collected.account,
        counts=counts,
        left_out=collected.left_out,
        period=collected.period,
        contexts=sum(bool(tweet.context) for tweet in learnable),
        texts=tuple(tweet.text for tweet in learnable[:SHOWN]),
        notes=collected.notes,
    )
