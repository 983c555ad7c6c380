"""The running bot is asked for tweets: it has the models in memory, so its answer takes no start.

Whatever is amiss with the bot, the answer is None, and the command draws by itself. Knows the note of the bot, and
HTTP. Does not know how tweets are drawn.
"""

import http.client
import socket
from contextlib import closing

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.process.running_bot import RunningBot, running_bot
from huggingtweets.generation.asking import BEAT_SECONDS, PATH, Answer, Question

CONNECT_SECONDS = 2.0
SILENCE_SECONDS = 10 * BEAT_SECONDS  # after which the bot counts as hung
MAX_LINE_BYTES = 1_000_000


def answer_of_the_bot(settings: Settings, question: Question) -> Answer | None:
    """The bot's answer. Returns None if no bot runs with these settings, or if it cannot answer now.

    Raises the bot's refusal as a `PipelineError`: whoever draws by themselves would hear the same.
    """
    bot = running_bot(settings.storage.data)
    if not bot:
        return None
    try:
        answer = _answer(bot, question)
    except (OSError, http.client.HTTPException, ValueError):
        return None  # the port belongs to another program, or the bot hangs or was stopped
    if answer is None or answer.not_now:
        return None
    if answer.refused:
        refusal = PipelineError(answer.refused)
        refusal.exit_code = answer.exit_code
        raise refusal
    return answer


def _answer(bot: RunningBot, question: Question) -> Answer | None:
    headers = {"Authorization": f"Bearer {bot.token}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(bot.host, bot.port, timeout=CONNECT_SECONDS)) as connection:
        connection.connect()
        our_end: socket.socket = connection.sock
        our_end.settimeout(SILENCE_SECONDS)
        connection.request("POST", PATH, question.model_dump_json().encode(), headers)
        response = connection.getresponse()
        if response.status != http.client.OK:
            return None
        while line := response.readline(MAX_LINE_BYTES):
            if line.strip():
                return Answer.model_validate_json(line)
    return None
