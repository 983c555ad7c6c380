"""`forget` and `unpublish`: a person is forgotten here, a voice is deleted on the Hub. Both ask for `--yes`.

Knows arguments, and what somebody at a terminal must be asked. Does not know what is deleted, or how.
"""

import sys

import click

from huggingtweets.cli.context import CommandContext, with_settings
from huggingtweets.cli.examples import examples
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.tweets.kept.marks import parse_mark
from huggingtweets.tweets.kept.tweet_store import TweetStore

yes_option = click.option("--yes", is_flag=True, help="Really do it; nothing is asked and nothing can be brought back.")


@click.command(epilog=examples("unpublish nasa --yes"))
@click.argument("name")
@yes_option
@with_settings
def unpublish(context: CommandContext, name: str, yes: bool) -> None:
    """Delete the repository of NAME on the Hub, with its history. What is here stays."""
    from huggingtweets.publishing.publish import begun
    from huggingtweets.publishing.publish import unpublish as delete_repository

    voice, models = VoiceName.parse(name), context.settings.storage.models
    published = begun(models, voice)
    if published and not yes:
        raise Usage(f"This deletes {published.url} with its history for good; say --yes if that is meant.")
    was_there = delete_repository(models, voice, context.settings.publishing)
    click.echo(f"{voice} is gone from the Hub." if was_there else f"{voice} was not published from here.")


@click.command(epilog=examples("forget nasa", "forget nasa --yes", "forget nasa --lift"))
@click.argument("name")
@yes_option
@click.option("--lift", is_flag=True, help="NAME asks to be learned again: take the tombstone away.")
@click.option(
    "--unpublish/--keep-published", "from_hub", default=None, help="Whether the repository on the Hub goes, too."
)
@with_settings
def forget(context: CommandContext, name: str, yes: bool, lift: bool, from_hub: bool | None) -> None:
    """Delete the tweets, data sets and models of NAME for good; a tombstone keeps them from coming back.

    NAME is a voice or an account's handle. All voices that learned from the same account go with it. Somebody who only
    spoke in a chat is named as its service knows them: "whatsapp:Ann Keeper", telegram:user5.
    """
    from huggingtweets.workflow.forgetting import affected
    from huggingtweets.workflow.forgetting import forget as delete

    marked = parse_mark(name)
    voice, accounts = (marked.name, marked.accounts) if marked else (VoiceName.parse(name), ())
    if lift:
        _lift(context, voice)
        return
    voices = affected(voice, context.settings, accounts=accounts)
    who = [name if marked else voice, *voices[1:]]
    if not yes:
        raise Usage(f"This deletes every tweet and version of {', '.join(who)} for good; say --yes if that is meant.")
    still_on_hub = [each for each in voices if not _gone_from_hub(context, each, from_hub)]
    was_anything = delete(voice, context.settings, accounts=accounts, keep_published=bool(still_on_hub))
    others = f" Gone with it: {', '.join(voices[1:])}." if voices[1:] else ""
    click.echo(f"{who[0]} is forgotten.{others}" if was_anything else f"There was nothing of {who[0]}.")


def _lift(context: CommandContext, voice: str) -> None:
    lifted = TweetStore(context.settings.tweets).lift(voice)
    click.echo(f"{', '.join(lifted)} may be learned again." if lifted else f"{voice} was not forgotten.")


def _gone_from_hub(context: CommandContext, voice: str, wanted: bool | None) -> bool:
    """Delete `voice` on the Hub if that is `wanted`; None asks whoever is at the terminal.

    Returns True if nothing of it is on the Hub any more.
    """
    from huggingtweets.publishing.publish import begun, unpublish

    models = context.settings.storage.models
    published = begun(models, voice)
    if not published or not (published.version or wanted):
        return True  # Nobody is asked about a push that broke off: `forget` notes it for removal.
    if wanted is None:
        if not sys.stdin.isatty():
            raise Usage(f"{voice} is on the Hub, too ({published.url}); say --unpublish or --keep-published.")
        wanted = click.confirm(f"{voice} is on the Hub, too. Delete {published.url} with its history?", err=True)
    if wanted:
        unpublish(models, voice, context.settings.publishing)
        click.echo(f"{published.url} is deleted.")
    return wanted
