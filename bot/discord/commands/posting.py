"""/posting: how posting on networks stands. Home admins pause it, resume it, and ask for a proposal.

Knows the command's group. Does not know how a post is drawn, checked or sent.
"""

from discord import Permissions, app_commands

from bot.discord.asking.acts import IN_SERVERS, ON_SERVERS, command
from bot.discord.asking.answering import Interaction, person, tell
from bot.discord.asking.gate import Gate, Who
from bot.posts.outlets import Outlets
from bot.posts.post_words import told_of
from bot.posts.status import standing
from huggingtweets.core.people.names import NO_VOICE, VoiceName
from huggingtweets.core.text.phrases import Phrase


class PostingCommands(
    app_commands.Group,
    name="posting",
    description="Posting on networks",
    default_permissions=Permissions(manage_guild=True),
):
    """The group of commands."""

    def __init__(self, posting: Outlets, gate: Gate):
        super().__init__(allowed_installs=ON_SERVERS, allowed_contexts=IN_SERVERS)
        self.gate = gate
        self._posting = posting

    @command("status", "How posting stands, and what it has cost this month", may=Who.HOME_ADMINS)
    async def status(self, interaction: Interaction) -> None:
        standings = [standing(status) for status in await self._posting.statuses()]
        await tell(interaction, Phrase.joined("\n", standings))

    @command("pause", "Post nothing until /posting resume, also after a restart", may=Who.HOME_ADMINS)
    @app_commands.describe(reason="why, for the other admins")
    async def pause(self, interaction: Interaction, reason: app_commands.Range[str, 1, 200] = "") -> None:
        await self._posting.pause(person(interaction.user), reason)
        await tell(
            interaction,
            Phrase("Posting on {networks} is paused; /posting resume ends that.", networks=self._posting.networks),
        )

    @command("resume", "Go on posting", may=Who.HOME_ADMINS)
    async def resume(self, interaction: Interaction) -> None:
        ended = await self._posting.resume(person(interaction.user))
        goes_on = Phrase("Posting on {networks} goes on.", networks=self._posting.networks)
        await tell(interaction, goes_on if ended else Phrase("It was not paused."))

    @command("propose", "Draw a post, which then waits for approval in /queue", may=Who.HOME_ADMINS)
    @app_commands.describe(voice="whose voice; may be left out where the settings name one")
    async def propose(self, interaction: Interaction, voice: str = "") -> None:
        named = VoiceName.parse(voice) if voice.strip() else NO_VOICE
        posts = await self._posting.propose(named, by=person(interaction.user))
        shows = Phrase("/queue shows it.", plural="/queue shows them.", count=len(posts))
        await tell(interaction, Phrase.joined(" ", [told_of(posts), shows]))
