"""`huggingtweets token new|list|revoke`: the tokens with which other programs ask the bot for tweets.

It works while the bot runs: both use the same database. Knows arguments and exit codes. Does not know how a token is
known again.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bot.core.config import ApiSettings, Config
from bot.people.tokens import Tokens
from bot.store import Store
from bot.store.api_tokens import ApiToken
from huggingtweets.core.errors import PipelineError, Usage

KEEP = "Keep it: it is shown this once. Programs send it as a header, Authorization: Bearer TOKEN."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Usage.exit_code, f"token: {message}; see huggingtweets token --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, list or revoke tokens. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        config = Config.load(options.config)
        asyncio.run(_run(config, options))
    except PipelineError as error:
        print(f"token: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="huggingtweets token", description="Tokens with which other programs ask for tweets.")
    parser.add_argument("--config", type=Path, help="settings to use; ./config.toml or the user's by default")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    new = commands.add_parser("new", help="make a token and show it once")
    new.add_argument("name", help="which program it is for")
    for limit, what in (
        ("requests-per-minute", "requests in one minute"),
        ("at-a-time", "requests that are answered at the same time"),
        ("tweets-a-day", "tweets in one day"),
    ):
        new.add_argument(f"--{limit}", type=int, metavar="N", help=f"at most N {what}; by default as in [api]")
    commands.add_parser("list", help="the tokens, with their limits and today's tweets")
    revoke = commands.add_parser("revoke", help="make a token invalid at once")
    revoke.add_argument("name", help="the name that was given to it")
    return parser


async def _run(config: Config, options: argparse.Namespace) -> None:
    async with Store(config.database_url) as store:
        tokens = Tokens(store)
        match options.command:
            case "new":
                limits = {
                    "requests_per_minute": options.requests_per_minute,
                    "at_a_time": options.at_a_time,
                    "tweets_a_day": options.tweets_a_day,
                }
                token = await tokens.new(options.name, **limits)
                print(KEEP, file=sys.stderr)  # noqa: T201
                print(token)  # noqa: T201  the result of the command
            case "revoke":
                await tokens.revoke(options.name)
                print(f"The token called {options.name} is invalid from now on.")  # noqa: T201
            case _:
                print(table(await tokens.listed(), config.api))  # noqa: T201


def table(tokens: Sequence[tuple[ApiToken, int]], settings: ApiSettings) -> str:
    """The tokens as lines with headers."""
    if not tokens:
        return "There are no tokens; make one with: huggingtweets token new NAME"
    rows = [("NAME", "MADE", "LAST USED", "TWEETS TODAY", "A MINUTE", "AT A TIME", "")]
    for token, today in tokens:
        most = token.tweets_a_day or settings.tweets_a_day
        rows.append(
            (
                token.name,
                f"{token.created_at:%Y-%m-%d}",
                f"{token.used_at:%Y-%m-%d}" if token.used_at else "never",
                f"{today:,} of {most:,}",
                f"{token.requests_per_minute or settings.requests_per_minute:,}",
                f"{token.at_a_time or settings.at_a_time:,}",
                "revoked" if token.revoked_at else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
