"""How a post stands, in the words of people who never saw the queue.

Knows the states of a post. Does not know platforms.
"""

from collections.abc import Sequence

from bot.posts.place import label_of, network_of
from bot.store.posts.outbox import Post, PostState
from huggingtweets.core.text.phrases import Phrase

STATES: dict[PostState, Phrase] = {
    "proposed": Phrase("waits for approval"),
    "queued": Phrase("is approved and waits for its time"),
    "sending": Phrase("is on its way"),
    "unknown": Phrase("may have been posted: I am looking it up"),
    "sent": Phrase("was posted"),
    "rejected": Phrase("was rejected"),
    "failed": Phrase("could not be posted"),
}
REHEARSED = Phrase("would have been posted now; nothing is sent yet, as this is a dry run")


def standing_of(post: Post) -> Phrase:
    """Returns how `post` stands, as it goes on after "Post 3"."""
    return REHEARSED if post.state == "sent" and post.dry_run else STATES[post.state]


def told_of(posts: Sequence[Post]) -> Phrase:
    """Returns how posts stand, a sentence each. Where they are for several places, each sentence names its own."""
    places = {post.account for post in posts}
    if len(places) < 2:
        return Phrase.joined(
            " ", [Phrase("Post {id} {standing}.", id=post.id, standing=standing_of(post)) for post in posts]
        )
    name_of = network_of if len(set(map(network_of, places))) == len(places) else label_of
    said = [
        Phrase("Post {id} for {place} {standing}.", id=post.id, place=name_of(post.account), standing=standing_of(post))
        for post in posts
    ]
    return Phrase.joined(" ", said)
