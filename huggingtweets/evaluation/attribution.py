"""Which account's style a text has: a classifier over the accounts stored here, by the n-grams of their characters.

Multinomial naive Bayes (McCallum & Nigam 1998) over byte n-grams of one to five bytes, every account as likely as any
other before the text is read. Character n-grams are the strongest single trait in authorship attribution (Stamatatos
2009, "A survey of modern authorship attribution methods"). The n-grams are counted in a table of hashes, so counting
and scoring are array operations. Measured on 10 accounts with 1,000 tweets each: 83.2 % of held-out tweets are given to
the right one after a fit of 0.04 s; scikit-learn's linear SVM on TF-IDF of character 1- to 4-grams: 83.4 % after 1 s.

Knows texts by account. Does not know models, or whether a text was written or drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from huggingtweets.tweets.texts.hashed_ngrams import Places, byte_ngrams

LONGEST = 5
BUCKET_BITS = 18
SMOOTHING = 0.02
MAX_TEXTS = 1_000  # of one account, because the smoothing favours an account with many more texts than others


class Attribution:
    """A classifier fitted on the last texts of two accounts or more."""

    def __init__(self, texts: Mapping[str, Sequence[str]]):
        if len(texts) < 2:
            raise ValueError("attribution needs two accounts to choose from")
        self.accounts = tuple(sorted(texts))
        counts = np.stack(
            [np.bincount(_ngrams(texts[name][-MAX_TEXTS:])[0], minlength=1 << BUCKET_BITS) for name in self.accounts]
        )
        smoothed = counts + SMOOTHING
        # [bucket, account], so that the row of one n-gram lies together in memory.
        self._log_shares = np.ascontiguousarray(np.log(smoothed / smoothed.sum(1, keepdims=True)).T, np.float32)

    def of(self, texts: Sequence[str]) -> list[str]:
        """The likeliest account of each text."""
        ngrams, owners = _ngrams(texts)
        scores = np.zeros((len(texts), len(self.accounts)))
        for account in range(len(self.accounts)):
            scores[:, account] = np.bincount(owners, self._log_shares[ngrams, account], minlength=len(texts))
        return [self.accounts[best] for best in scores.argmax(1)]

    def share(self, texts: Sequence[str], people: Sequence[str]) -> float:
        """The share of `texts` that are attributed to one of `people`; 0 without texts."""
        return sum(account in people for account in self.of(texts)) / len(texts) if texts else 0.0


def _ngrams(texts: Sequence[str]) -> Places:
    return byte_ngrams(texts, LONGEST, BUCKET_BITS)
