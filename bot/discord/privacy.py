"""/privacy, /optout, /optin, /forget, /mydata and /link: what people decide about themselves.

These work for everybody, also for who is paused or not on a list.

Knows the commands and their confirmations. Does not know what is kept, or how it is deleted.
"""

import io
import re
from typing import Any, Literal

import discord
from discord import app_commands

from bot.discord.answering import NOBODY, Interaction, only_shown, person, tell
from bot.discord.asks import Asks
from bot.discord.buttons import TweetButtons
from bot.discord.gate import Gate, server_id
from bot.discord.own import Own
from bot.discord.parts import Parts
from huggingtweets.errors import Usage

Command = app_commands.Command[Any, ..., None]

PRIVACY = """\
**What I keep.** Tweets that somebody handed to me to learn a voice, and the models made of them. My answers with who \
asked, so that their buttons work. Thumbs and guesses. Limits and who did what, by id. {messages}
**What I do not keep.** Any other message. What you write to call me is used for the answer; only the start of a tweet \
is kept with it.
**What you can do.** /optout: nobody gets tweets in a voice that is linked to you or learned from your messages. \
/mydata: everything I keep of you, as a file. /forget me: all of it is deleted, with your voices and their models. \
/link: say which voice is yours.
**What I write** is made up by a small language model, and marked as AI. It pings nobody and repeats no real tweet."""
ON = """\
Messages of members who said /join, in channels where an admin allows it, until they say /leave; their voices are \
heard on their server only, unless they chose more."""
OFF = "I do not read what members write."


def privacy(*, member_messages: bool) -> Command:
    @app_commands.command(name="privacy", description="What I keep of you, and what you can do about it")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        text = PRIVACY.format(messages=ON if member_messages else OFF)
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NOBODY)

    return command


def opt_out(parts: Parts) -> Command:
    @app_commands.command(name="optout", description="Nobody shall get tweets in my voice")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        new = await parts.consenting.opt_out(person(interaction.user))
        said = "From now on I imitate nobody who is you" if new else "You have opted out already"
        voices = await parts.consenting.voices_of(person(interaction.user))
        linked = f": {', '.join(voices)}." if voices else "; tell me with /link which voice that is."
        await tell(interaction, f"{said}{linked} /forget me deletes it all, /optin takes this back.")

    return command


def opt_in(parts: Parts) -> Command:
    @app_commands.command(name="optin", description="Take /optout back")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        found = await parts.consenting.opt_in(person(interaction.user))
        await tell(interaction, "I may imitate you again." if found else "You had not opted out.")

    return command


def my_data(parts: Parts) -> Command:
    @app_commands.command(name="mydata", description="Everything I keep of you, as a file that only you see")
    async def command(interaction: discord.Interaction[discord.Client]) -> None:
        await interaction.response.defer(ephemeral=True)
        data = await parts.consenting.data_of(person(interaction.user))
        limit = interaction.filesize_limit
        if len(data) > limit:
            raise Usage("This is more than Discord lets me send; ask the bot's owner for it.")
        await interaction.followup.send(
            "This is all that I keep of you.",
            file=discord.File(io.BytesIO(data), "mydata.zip"),
            ephemeral=True,
            allowed_mentions=NOBODY,
        )

    return command


def forget(parts: Parts, asks: Asks) -> Command:
    @app_commands.command(name="forget", description="Delete everything I keep of you, with your voices and models")
    @app_commands.describe(what="you; an admin asks on the command line for others")
    async def command(interaction: discord.Interaction[discord.Client], what: Literal["me"]) -> None:
        await interaction.response.defer(ephemeral=True)
        voices = await parts.consenting.voices_of(person(interaction.user))
        models = f", and the voices {', '.join(voices)} with their tweets and models" if voices else ""
        await tell(
            interaction,
            f"This deletes my answers to you, your votes, your messages{models}. It cannot be undone. Shall I?",
            view=only_shown(ForgetButtons(parts=parts, asks=asks)),
        )

    return command


class ForgetButtons(Own):
    """Shall I? Only who asked sees them, so whoever clicks is who is meant."""

    @discord.ui.button(label="Delete everything", custom_id="forget:yes", style=discord.ButtonStyle.danger)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        gone = await self.parts.consenting.forget(person(interaction.user))
        voices = f" The voices {', '.join(gone.voices)} are no more." if gone.voices else ""
        await tell(interaction, f"You are forgotten: {gone.rows} entries are deleted.{voices}")

    @discord.ui.button(label="Keep it", custom_id="forget:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        await interaction.response.edit_message(content="Nothing was deleted.", view=None)


def link(parts: Parts) -> Command:
    @app_commands.command(name="link", description="Say which voice is yours; an admin confirms it")
    @app_commands.describe(voice="the handle; leave it out to end your link")
    @app_commands.guild_only()
    async def command(interaction: discord.Interaction[discord.Client], voice: str = "") -> None:
        server, me = server_id(interaction.guild_id), person(interaction.user)
        if not voice:
            await interaction.response.defer(ephemeral=True)
            ended = await parts.consenting.unlink(server, me)
            await tell(interaction, "No voice is linked to you any more." if ended else "No voice was linked to you.")
            return
        await interaction.response.defer()
        handle = await parts.consenting.claim(server, me, voice)
        view = discord.ui.View(timeout=None)
        view.add_item(Verdict("yes", interaction.user.id, handle))
        view.add_item(Verdict("no", interaction.user.id, handle))
        text = f"{interaction.user.mention} says that the voice {handle} is theirs. An admin decides."
        await interaction.followup.send(text, view=only_shown(view), allowed_mentions=NOBODY)

    return command


class Verdict(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"link:(?P<word>yes|no):(?P<user>\d+):(?P<voice>[a-z0-9_]+)",
):
    """An admin's word on a claim."""

    def __init__(self, word: str, user: int, voice: str):
        label, style = (
            ("Confirm", discord.ButtonStyle.success) if word == "yes" else ("Refuse", discord.ButtonStyle.danger)
        )
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"link:{word}:{user}:{voice}"))
        self.confirmed, self.user, self.voice = word == "yes", user, voice

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Verdict":
        return cls(match["word"], int(match["user"]), match["voice"])

    async def callback(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        await buttons.answered(interaction, self._decide)

    async def _decide(self, interaction: Interaction) -> None:
        buttons: TweetButtons = interaction.client.buttons
        gate: Gate = buttons.gate
        gate.refuse_others_than_home_admins(interaction)
        await interaction.response.defer()
        decided = await buttons.parts.consenting.decide(
            server_id(interaction.guild_id),
            f"discord:{self.user}",
            self.voice,
            by=person(interaction.user),
            confirmed=self.confirmed,
        )
        if not decided:
            raise Usage("There is no such claim any more.")
        said = f"belongs to <@{self.user}>" if self.confirmed else f"is not linked to <@{self.user}>"
        await interaction.edit_original_response(
            content=f"The voice {self.voice} {said}, says {interaction.user.mention}.",
            view=None,
            allowed_mentions=NOBODY,
        )
