"""A backup that was unpacked becomes what this place may have: nobody comes back who has withdrawn, here or there.

Works on the unpacked files alone. What is in use here is only read.

Knows whose word counts. Does not know how a backup is unpacked, or put in place.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

from bot.core.config import Config
from bot.keeping.places import READS, Staging
from bot.people.consent import Consenting
from bot.people.willing import Willing
from bot.store import Store, snapshots, utc_now
from bot.store.carrying import carry_over, settle
from bot.store.sql.database import Database
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.errors import Forgotten, OptedOut
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import Unwilling
from huggingtweets.workflow.forgetting import forget

RESTORING = "restore"  # in whose name somebody is forgotten again


async def reconcile(backup: Path, config: Config, staging: Staging) -> None:
    """Bring what was unpacked in line with what people have said here and there. Its database is up to date."""
    staged = config.model_copy(update={"storage": StorageSettings(models=staging.models, data=staging.data)})
    async with Store(f"sqlite:///{staging.database.absolute()}") as store:
        await settle(store.database, utc_now)
        if here := await _database_here(backup, config, staging):
            async with Database(f"sqlite:///{here.absolute()}") as database:
                await carry_over(database, store.database)
        await asyncio.to_thread(_carry_files, config, staged)
        await _forget_again(store, staged)
        await Willing(store, staged).tell_pipeline()
        await store.database.write_back()  # only the file itself is put in place


async def _database_here(backup: Path, config: Config, staging: Staging) -> Path | None:
    """A copy of the database that is in use here, up to date. Returns None if there is none."""
    database = Database(config.database_url)
    if database.is_sqlite and not snapshots.has_file(database):
        return None
    if not database.is_sqlite:
        async with database:
            pass  # its tables are brought up to date, as by a start of the bot
    copy, here = staging.data / "here-as-it-is.db", staging.data / "here.db"
    revision = await snapshots.take(database, copy)
    named = Path(database.url.database or "") if database.is_sqlite else Path("The database here")
    await asyncio.to_thread(snapshots.bring_up_to_date, named, copy, revision, here)
    return here


def _carry_files(config: Config, staged: Settings) -> None:
    """Take over the tombstones beside the tweets here, and what reading X has cost here."""
    tweets = TweetStore(staged.tweets)
    with tweets.at_rest():
        Unwilling(staged.tweets).take_over(Unwilling(config.tweets))
    if (reads := config.storage.data / READS).is_file():
        (staged.storage.data / READS).write_bytes(reads.read_bytes())


async def _forget_again(store: Store, staged: Settings) -> None:
    """Delete what is left of everybody who was forgotten, whatever their account is called in the backup."""
    buried = await store.consent.all_buried()
    consenting = Consenting(store=store, settings=staged)
    for person in sorted(name for name in buried if ":" in name):
        await consenting.forget(person)
    names = sorted(VoiceName(name) for name in buried if ":" not in name)
    voices = await asyncio.to_thread(_forgotten_voices, staged, names)
    for name in sorted({*names, *voices}):
        await store.consent.bury(name, RESTORING)
        await store.forgetting.voice(name, RESTORING)
    # The last one is for what they said before the tweets of others.
    for name in [*voices, *names[:1]]:
        await asyncio.to_thread(forget, name, staged)


def _forgotten_voices(staged: Settings, buried: Collection[str]) -> list[VoiceName]:
    """What is there of people who have a tombstone, under that name or another: voices and accounts."""
    accounts, tweets = Accounts(staged), TweetStore(staged.tweets)
    names = {*Registry(staged.storage.models).kept(), *map(VoiceName, tweets.handles())}
    return sorted(name for name in names if not name.people.isdisjoint(buried) or _is_refused(name, accounts))


def _is_refused(name: VoiceName, accounts: Accounts) -> bool:
    try:
        accounts.refuse(name)
    except Forgotten:
        return True
    except OptedOut:
        pass
    return False
