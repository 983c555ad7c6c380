"""/privacy, /optout, /optin, /forget and /mydata: what people decide about themselves.

These work for everybody, also for who is paused or not on a list.

Knows the commands and their confirmations. Does not know what is kept, or how it is deleted.
"""

import io
from collections.abc import Sequence
from functools import partial
from typing import Literal

import discord
from discord import app_commands

from bot.discord.asking.acts import Shown, command, deferred
from bot.discord.asking.answering import NOTHING_DELETED, Interaction, only_shown, person, settle, show, tell
from bot.discord.asking.asks import Asks
from bot.discord.asking.clicks import OwnClicks
from bot.discord.asking.gate import Gate, Who
from bot.discord.asking.parts import Parts
from bot.discord.commands.family import Family
from bot.discord.look.translating import of_answer
from bot.people.consent import Back
from bot.people.limits import PUBLIC
from bot.people.strangers import parse_stranger
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

PRIVACY = partial(
    Phrase,
    "**What I keep.** Tweets that somebody handed to me to learn a voice, and the models made "
    "of them. My answers with who asked, so that their buttons work. Thumbs and guesses. "
    "Limits and who did what, by id. {messages}\n**What I do not keep.** Any other message. "
    "What you write to call me, and what somebody lets me answer, is used for the answer, and "
    "kept with it as what it begins with or answers.\n**What you can do.** /optout: nobody gets "
    "tweets in a voice that is linked to you or learned from your messages. /mydata: everything I "
    "keep of you, as a file. /forget "
    "me: all of it is deleted, with your voices and their models. /link: say which voice is "
    "yours. What stays after /forget me: that you must not be learned, until /optin; a pause "
    "that protects others; which of my answers you may delete. The last two are kept without "
    "your name.\n**What I write** is made up by a small language model, and marked as AI. It "
    "pings nobody and repeats no real tweet.",
)
ON = Phrase(
    "Messages of members who said /join, in channels where an admin allows it, until they say "
    "/leave; their voices are heard on their server only, unless they chose more. If you and "
    "another member have joined, your message is also kept as what they answered; their voice "
    "never learns to write it."
)
PAST = partial(Phrase, "Who says /join past:True lets me keep what they wrote before, too: {limits}.")
OFF = Phrase("I do not read what members write.")
WHAT_STAYS = Phrase(
    "It cannot be undone. What stays: that you must not be learned, until /optin; without your name, a pause that "
    "protects others, and which of my answers you may delete. Shall I?"
)


class PrivacyCommands(Family):
    """They work for everybody. Whoever wants to withdraw is never told to wait."""

    def __init__(self, parts: Parts, gate: Gate, asks: Asks, *, member_messages: bool):
        super().__init__(parts, gate)
        self._asks = asks
        self._member_messages = member_messages

    @command("privacy", "What I keep of you, and what you can do about it", always=True, cost=0.0, everywhere=True)
    async def privacy(self, interaction: Interaction) -> None:
        await show(interaction, PRIVACY(messages=self._about_messages()))

    def _about_messages(self) -> Phrase:
        if not self._member_messages:
            return OFF
        past = self.parts.past
        return Phrase.joined(" ", [ON, PAST(limits=past.limits)]) if past.reason else ON

    @command("optout", "Nobody shall get tweets in my voice", always=True, cost=0.0, everywhere=True)
    async def opt_out(self, interaction: Interaction) -> None:
        is_new = await self.parts.consenting.opt_out(person(interaction.user))
        voices = await self.parts.consenting.voices_of(person(interaction.user))
        next_steps = Phrase("/forget me deletes it all, /optin takes this back.")
        await tell(interaction, Phrase.joined(" ", [_about_opting_out(voices, is_new=is_new), next_steps]))

    @command(
        "optin", "Take /optout back, or let me learn you again after /forget me", always=True, cost=0.0, everywhere=True
    )
    async def opt_in(self, interaction: Interaction) -> None:
        await tell(interaction, _about_return(await self.parts.consenting.opt_in(person(interaction.user))))

    @command(
        "mydata", "Everything I keep of you, as a file that only you see", always=True, cost=PUBLIC, everywhere=True
    )
    async def my_data(self, interaction: Interaction) -> None:
        data = await self.parts.consenting.data_of(person(interaction.user))
        if len(data) > interaction.filesize_limit:
            raise Usage(Phrase("This is more than Discord lets me send; ask the bot's owner for it."))
        file = discord.File(io.BytesIO(data), "mydata.zip")
        await show(interaction, Phrase("This is all that I keep of you."), file=file)

    @command(
        "forget", "Delete everything I keep of you, with your voices and models", always=True, cost=0.0, everywhere=True
    )
    @app_commands.describe(
        what="you, or, for admins, an account of another network that asks for it",
        account="that account, as in @ann@example.social, did:plc:abc or x:12",
    )
    async def forget(self, interaction: Interaction, what: Literal["me", "account"], account: str = "") -> None:
        if what == "account":
            await self._forget_account(interaction, account)
            return
        voices = await self.parts.consenting.going_with(person(interaction.user))
        if voices:
            deletes = Phrase(
                "This deletes my answers to you, your votes, your messages, and the voices {voices} with their tweets "
                "and models.",
                voices=voices,
            )
        else:
            deletes = Phrase("This deletes my answers to you, your votes, your messages.")
        view = only_shown(ForgetButtons(parts=self.parts, asks=self._asks), of_answer(interaction, private=True))
        await tell(interaction, Phrase.joined(" ", [deletes, WHAT_STAYS]), view=view)

    async def _forget_account(self, interaction: Interaction, account: str) -> None:
        self.gate.refuse_others_than(Who.HOME_ADMINS, interaction)
        rows = await self.parts.consenting.forget_stranger(parse_stranger(account), person(interaction.user))
        forgotten = Phrase(
            "That account is forgotten: {count:,} entry is deleted. It gets no answer there any more.",
            plural="That account is forgotten: {count:,} entries are deleted. It gets no answer there any more.",
            count=rows,
        )
        await tell(interaction, forgotten)


def _about_opting_out(voices: Sequence[str], *, is_new: bool) -> Phrase:
    match bool(voices), is_new:
        case True, True:
            return Phrase("From now on I imitate nobody who is you: {voices}.", voices=voices)
        case True, False:
            return Phrase("You have opted out already: {voices}.", voices=voices)
        case False, True:
            return Phrase("From now on I imitate nobody who is you; tell me with /link which voice that is.")
        case _:
            return Phrase("You have opted out already; tell me with /link which voice that is.")


def _about_return(back: Back) -> Phrase:
    said = [Phrase("I may imitate you again.")] if back.opted_out else []
    if back.learnable:
        said.append(
            Phrase(
                "I may learn {names} again. Nothing that was deleted comes back; an admin teaches me with /train.",
                names=back.learnable,
            )
        )
    if back.silent:
        said.append(
            Phrase(
                "{silent} stays silent, because somebody else keeps that voice from being imitated: ask "
                "the bot's owner.",
                silent=back.silent,
            )
        )
    return Phrase.joined(" ", said) or (
        Phrase(
            "You had not opted out. If your voice is silent all the same, claim it with /link; once an "
            "admin has confirmed that, say /optin again."
        )
    )


class ForgetButtons(OwnClicks):
    """Shall I? Only who asked sees them, so whoever clicks is who is meant."""

    @discord.ui.button(label=Phrase("Delete everything"), custom_id="forget:yes", style=discord.ButtonStyle.danger)
    @deferred(Shown.PRIVATELY)
    async def yes(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        gone = await self.parts.consenting.forget(person(interaction.user))
        rows = Phrase(
            "You are forgotten: {count:,} entry is deleted.",
            plural="You are forgotten: {count:,} entries are deleted.",
            count=gone.rows,
        )
        voices = Phrase("The voices {voices} are no more.", voices=gone.voices) if gone.voices else Phrase()
        await tell(interaction, Phrase.joined(" ", [rows, voices]))

    @discord.ui.button(label=Phrase("Keep it"), custom_id="forget:no", style=discord.ButtonStyle.secondary)
    async def no(self, interaction: Interaction, _: discord.ui.Button["ForgetButtons"]) -> None:
        await settle(interaction, NOTHING_DELETED)
