"""What is in a backup, or in the place of one, in words.

Knows numbers and English. Does not know how anything is counted.
"""


def contents_in_words(voices: int, accounts: int) -> tuple[str, str]:
    """The voices and the tweets, such as `1 voice` and `the tweets of 2 accounts`."""
    return (
        f"{voices:,} {'voice' if voices == 1 else 'voices'}",
        f"the tweets of {accounts:,} {'account' if accounts == 1 else 'accounts'}",
    )
