"""/x: how posting on X stands; admins of the home server pause it, resume it, and ask for a proposal.

Knows the command's group. Does not know how a post is drawn, checked or sent.
"""

import discord
from discord import app_commands

from bot.discord.answering import person, tell
from bot.discord.gate import Gate
from bot.posts.post_words import standing_of
from bot.posts.posting import Posting, standing


def x(gate: Gate, posting: Posting) -> app_commands.Group:
    """The group of commands."""
    group = app_commands.Group(
        name="x",
        description="Posting on X",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    @group.command(name="status", description="How posting on X stands, and what it has cost this month")
    async def status(interaction: discord.Interaction[discord.Client]) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await tell(interaction, standing(await posting.status()))

    @group.command(name="pause", description="Send nothing to X until /x resume, also after a restart")
    @app_commands.describe(reason="why, for the other admins")
    async def pause(
        interaction: discord.Interaction[discord.Client], reason: app_commands.Range[str, 1, 200] = ""
    ) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        await posting.pause(person(interaction.user), reason)
        await tell(interaction, "Posting on X is paused; /x resume ends that.")

    @group.command(name="resume", description="Go on posting on X")
    async def resume(interaction: discord.Interaction[discord.Client]) -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        ended = await posting.resume(person(interaction.user))
        await tell(interaction, "Posting on X goes on." if ended else "It was not paused.")

    @group.command(name="propose", description="Draw a post, which then waits for approval in /queue")
    @app_commands.describe(voice="whose voice; may be left out where the settings name one")
    async def propose(interaction: discord.Interaction[discord.Client], voice: str = "") -> None:
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer(ephemeral=True)
        post = await posting.propose(voice.strip().removeprefix("@").lower(), by=person(interaction.user))
        await tell(interaction, f"Post {post.id} {standing_of(post)}; /queue shows it.")

    return group
