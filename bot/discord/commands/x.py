"""/x: how posting on X stands. Home admins pause it, resume it, and ask for a proposal.

Knows the command's group. Does not know how a post is drawn, checked or sent.
"""

from discord import Permissions, app_commands

from bot.discord.acts import IN_SERVERS, ON_SERVERS, command
from bot.discord.answering import Interaction, person, tell
from bot.discord.gate import Gate, Who
from bot.posts.post_words import standing_of
from bot.posts.posting import Posting, standing
from huggingtweets.core.names import NO_VOICE, VoiceName


class XCommands(
    app_commands.Group,
    name="x",
    description="Posting on X",
    default_permissions=Permissions(manage_guild=True),
):
    """The group of commands."""

    def __init__(self, posting: Posting, gate: Gate):
        super().__init__(allowed_installs=ON_SERVERS, allowed_contexts=IN_SERVERS)
        self.gate = gate
        self._posting = posting

    @command("status", "How posting on X stands, and what it has cost this month", may=Who.HOME_ADMINS)
    async def status(self, interaction: Interaction) -> None:
        await tell(interaction, standing(await self._posting.status()))

    @command("pause", "Send nothing to X until /x resume, also after a restart", may=Who.HOME_ADMINS)
    @app_commands.describe(reason="why, for the other admins")
    async def pause(self, interaction: Interaction, reason: app_commands.Range[str, 1, 200] = "") -> None:
        await self._posting.pause(person(interaction.user), reason)
        await tell(interaction, "Posting on X is paused; /x resume ends that.")

    @command("resume", "Go on posting on X", may=Who.HOME_ADMINS)
    async def resume(self, interaction: Interaction) -> None:
        ended = await self._posting.resume(person(interaction.user))
        await tell(interaction, "Posting on X goes on." if ended else "It was not paused.")

    @command("propose", "Draw a post, which then waits for approval in /queue", may=Who.HOME_ADMINS)
    @app_commands.describe(voice="whose voice; may be left out where the settings name one")
    async def propose(self, interaction: Interaction, voice: str = "") -> None:
        named = VoiceName.parse(voice) if voice.strip() else NO_VOICE
        post = await self._posting.propose(named, by=person(interaction.user))
        await tell(interaction, f"Post {post.id} {standing_of(post)}; /queue shows it.")
