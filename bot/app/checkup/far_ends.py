"""Are Discord, X, Bluesky and the Hub there, and do they take our tokens and keys?

Knows what each is asked, and what an answer means. Does not know HTTP, or who is told.
"""

from bot.app.checkup.asking import Asking
from bot.core.config import BlueskySettings, DiscordSettings, MastodonSettings, XSettings
from bot.core.post_text.ai_label import says_ai
from bot.posts.x.account import UNMARKED, credentials
from huggingtweets.core.config.settings import CollectingSettings, PublishingSettings
from huggingtweets.core.errors import Misconfigured, Unavailable
from huggingtweets.remote.upstream import NotReached, Patience
from huggingtweets.remote.x import XClient

MESSAGE_CONTENT = 1 << 18 | 1 << 19  # an application's flags: allowed, or allowed on fewer than 100 servers
CLOCK_SECONDS = 60.0  # X refuses signatures of another time; a Date says whole seconds, and answers take a while
ONCE = Patience(attempts=1)
AN_ACCOUNT = "bsky.app"  # it is there as long as Bluesky is


async def discord(asking: Asking, settings: DiscordSettings) -> str:
    """Whose token it is, and whether Discord lets the bot hear what the settings want."""
    if not settings.token:
        return f"off, {settings.token_env} is not set"
    headers = {"Authorization": f"Bot {settings.token.get_secret_value()}"}
    url = settings.api_url.rstrip("/")
    status, me = await asking.ask("Discord", f"{url}/users/@me", headers)
    if status == 401:
        raise Misconfigured(
            f"Discord refuses the token in {settings.token_env}: in the Developer Portal open your application, "
            "click Bot > Reset Token, and put the new token there."
        )
    if status != 200:
        raise Unavailable(f"Discord refuses to say whose token it is (status {status}); try again later.")
    status, application = await asking.ask("Discord", f"{url}/oauth2/applications/@me", headers)
    if status != 200:
        raise Unavailable(f"Discord refuses to show the application (status {status}); try again later.")
    flags = application.get("flags")
    if settings.member_messages and not (isinstance(flags, int) and flags & MESSAGE_CONTENT):
        raise Misconfigured(
            "[discord] member_messages needs an intent: in the Developer Portal open your application, click Bot, and "
            "under Privileged Gateway Intents switch on Message Content Intent."
        )
    return f"the token is of {_plain(me.get('username'))}; the intents are allowed"


async def x(settings: XSettings) -> str:
    """Whose keys they are. It costs one read of an own account, 0.001 USD."""
    if not settings.has_keys:
        return "off, not all four keys are set"
    client = XClient(
        credentials(settings), api_url=settings.api_url, timeout_seconds=settings.timeout_seconds, patience=ONCE
    )
    async with client:
        me = await client.me()
    if settings.account and me.handle.lower() != settings.account.lower():
        raise Misconfigured(f"The keys are of @{me.handle} and not of [x] account = {settings.account}; set others.")
    if not settings.ai_label and not (me.is_parody or says_ai(me.name, me.description)):
        raise Misconfigured(UNMARKED(handle=me.handle))
    return f"the keys are of @{me.handle}"


async def bluesky(asking: Asking, settings: CollectingSettings) -> str:
    """Whether public posts can be read. No setting turns that on, so a machine without a network has no fault."""
    url = f"{settings.bluesky_url.rstrip('/')}/xrpc/app.bsky.actor.getProfile?actor={AN_ACCOUNT}"
    try:
        status, profile = await asking.ask("Bluesky", url, {})
    except NotReached:
        return "cannot be reached; only voices that learn from there need it"
    if status != 200 or not profile.get("did"):
        raise Unavailable(f"Bluesky does not let profiles be read (status {status}); look at [collecting] bluesky_url.")
    return "public posts can be read"


async def bluesky_account(asking: Asking, settings: BlueskySettings) -> str:
    """Whose app password it is."""
    if not settings.password or not settings.account:
        return f"off, {settings.missing}"
    identified = {"identifier": settings.account, "password": settings.password.get_secret_value()}
    url = f"{settings.url.rstrip('/')}/xrpc/com.atproto.server.createSession"
    status, me = await asking.ask("Bluesky", url, {}, identified)
    if status == 401:
        raise Misconfigured(
            f"Bluesky refuses the app password in {settings.password_env}; make a new one there under Settings > "
            "Privacy and security > App passwords."
        )
    if status != 200 or not me.get("did"):
        raise Unavailable(f"Bluesky does not let {settings.account} in (status {status}); try again later.")
    return f"the app password is of {_plain(me.get('handle'))}"


async def mastodon_account(asking: Asking, settings: MastodonSettings) -> str:
    """Whose token it is."""
    if not settings.token or not settings.url:
        return f"off, {settings.missing}"
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    url = f"{settings.url.rstrip('/')}/api/v1/accounts/verify_credentials"
    status, me = await asking.ask("Mastodon", url, headers)
    if status in (401, 403):
        raise Misconfigured(
            f"Mastodon refuses the token in {settings.token_env}; make a new one there under Preferences > Development."
        )
    if status != 200 or not me.get("username"):
        raise Unavailable(f"Mastodon does not say whose token it is (status {status}); try again later.")
    if settings.account and str(me.get("username")).lower() != settings.account.lower():
        raise Misconfigured(
            f"The token in {settings.token_env} is of {_plain(me.get('username'))} and not of {settings.account}; "
            "use another."
        )
    return f"the token is of {_plain(me.get('username'))}"


async def hub(asking: Asking, settings: PublishingSettings) -> str:
    """Whose token it is, and whether it may write for the owner."""
    if not settings.token:
        if settings.enabled:
            raise Misconfigured(f"[publishing] is on and {settings.token_env} is not set; put a token there.")
        return f"off, {settings.token_env} is not set"
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    status, me = await asking.ask("The Hub", f"{settings.url.rstrip('/')}/api/whoami-v2", headers)
    if status in (401, 403):
        raise Misconfigured(f"The Hub refuses the token in {settings.token_env}; make a new one with write access.")
    if status != 200:
        raise Unavailable(f"The Hub refuses to say whose token it is (status {status}); try again later.")
    organisations = me.get("orgs")
    owners = {me.get("name")} | {
        one.get("name") for one in organisations or () if isinstance(organisations, list) and isinstance(one, dict)
    }
    if settings.owner and settings.owner not in owners:
        raise Misconfigured(
            f"The token in {settings.token_env} is of {_plain(me.get('name'))}, who is not in [publishing] owner = "
            f"{settings.owner}; use another token, or another owner."
        )
    return f"the token is of {_plain(me.get('name'))}"


async def clock(asking: Asking) -> str:
    """Whether this machine's clock agrees with those that have answered."""
    if not asking.ahead_seconds:
        return "not compared, nobody has answered"
    ahead = sorted(asking.ahead_seconds)[len(asking.ahead_seconds) // 2]
    if abs(ahead) > CLOCK_SECONDS:
        which = "behind" if ahead > 0 else "ahead"
        raise Unavailable(f"This machine's clock is {abs(ahead):.0f} s {which}; set it, for example by NTP.")
    return "right"


def _plain(name: object) -> str:
    """A name as a far end gives it, fit for a line on a terminal."""
    shown = "".join(char for char in str(name)[:60] if char.isprintable())
    return shown or "nobody"
