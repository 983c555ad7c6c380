"""The tokenizer in a GGUF file: a byte-level BPE, or a SentencePiece BPE with a token for each byte.

Knows the `tokenizers` library, and how llama.cpp names kinds of tokenizers. Does not know weights.
"""

from collections.abc import Sequence
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from huggingtweets.core.errors import first_line
from huggingtweets.core.text.characters import END_OF_TEXT
from huggingtweets.model.gguf_file.fields import Fields, Unreadable
from huggingtweets.model.tokenizer import BLANK

# Types of tokens: for what has no token, without a text, found in texts as a whole, padding.
UNKNOWN, CONTROL, OF_USERS, UNUSED = 2, 3, 4, 5
UNKNOWN_NAME = "<unk>"
# Texts end with the first of these that a file has. A chat model names another one, which ends its turn.
ENDS = (END_OF_TEXT, "<|end_of_text|>")


def _words(digits: str) -> str:
    """The expression by which Llama 3 and Qwen 2 part a text. They part numbers differently."""
    return (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
        rf"{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def _by(expression: str) -> Sequence[pre_tokenizers.PreTokenizer]:
    """Parts a text by `expression` alone."""
    split = pre_tokenizers.Split(Regex(expression), behavior="isolated")
    return split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


_PLAIN = pre_tokenizers.ByteLevel(add_prefix_space=False)
# Maps llama.cpp's names to how a text is parted before pairs are merged.
SPLITTINGS: dict[str, Sequence[pre_tokenizers.PreTokenizer]] = {
    "gpt-2": (_PLAIN,),
    "smollm": (pre_tokenizers.Digits(individual_digits=True), _PLAIN),
    "llama-bpe": _by(_words(r"\p{N}{1,3}")),
    "qwen2": _by(_words(r"\p{N}")),
}


def end_of_text(fields: Fields) -> int:
    """The number of the token with which texts end."""
    tokens: list[str] = fields.need("tokenizer.ggml.tokens")
    named = next((tokens.index(end) for end in ENDS if end in tokens), None)
    return int(fields.need("tokenizer.ggml.eos_token_id")) if named is None else named


def tokenizer_of(fields: Fields) -> Tokenizer:
    """The tokenizer in the file. Raises `Unreadable` if its kind is not supported."""
    kind = fields.need("tokenizer.ggml.model")
    if kind == "gpt2":
        tokenizer = _byte_level(fields)
    elif kind == "llama":
        tokenizer = _sentence_pieces(fields)
    else:
        raise Unreadable(f"its tokenizer is of a kind ({kind}) that is not supported")
    types: list[int] = fields.need("tokenizer.ggml.token_type")
    for number, token in enumerate(fields.need("tokenizer.ggml.tokens")):
        if number == end_of_text(fields) or types[number] in (UNKNOWN, CONTROL, OF_USERS):
            added = AddedToken(token, normalized=False, special=types[number] != OF_USERS)
            (tokenizer.add_special_tokens if added.special else tokenizer.add_tokens)([added])
    return tokenizer


def _numbers(fields: Fields) -> dict[str, int]:
    """Each token with its number, without those that only pad the table."""
    tokens: list[str] = fields.need("tokenizer.ggml.tokens")
    types: list[int] = fields.need("tokenizer.ggml.token_type")
    return {token: number for number, (token, kind) in enumerate(zip(tokens, types, strict=True)) if kind != UNUSED}


def _byte_level(fields: Fields) -> Tokenizer:
    splitting = fields.need("tokenizer.ggml.pre")
    if splitting not in SPLITTINGS:
        raise Unreadable(f"its tokenizer is of a kind (gpt2, {splitting}) that is not supported")
    merges = [tuple(pair.split(" ", 1)) for pair in fields.need("tokenizer.ggml.merges")]
    # Llama 3 takes a word that is a token as it is, even if its merges lead elsewhere.
    tokenizer = Tokenizer(_bpe(_numbers(fields), merges, ignore_merges=splitting == "llama-bpe"))
    if splitting == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(list(SPLITTINGS[splitting]))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentence_pieces(fields: Fields) -> Tokenizer:
    numbers = _numbers(fields)
    missing = [byte for byte in range(256) if f"<0x{byte:02X}>" not in numbers]
    if missing:
        raise Unreadable("its tokenizer has no token for some bytes, so it cannot write every text")
    scores: list[float] = fields.need("tokenizer.ggml.scores")
    merges = _merges(numbers, scores)
    tokenizer = Tokenizer(_bpe(numbers, merges, unk_token=UNKNOWN_NAME, fuse_unk=True, byte_fallback=True))
    steps: list[Any] = [normalizers.Replace(" ", BLANK)]
    if fields.get("tokenizer.ggml.add_space_prefix") is not False:
        steps.insert(0, normalizers.Prepend(BLANK))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def _bpe(numbers: dict[str, int], merges: Sequence[Any], **settings: Any) -> models.BPE:
    try:
        return models.BPE(numbers, merges, **settings)
    except Exception as error:
        # The library raises `Exception` itself.
        raise Unreadable(f"its tokenizer cannot be used ({first_line(error)})") from error


def _merges(numbers: dict[str, int], scores: Sequence[float]) -> list[tuple[str, str]]:
    """Every pair of tokens that makes a token, best first: that of the highest score, as SentencePiece merges them."""
    pairs = [
        (-scores[number], numbers[token[:cut]], numbers[token[cut:]])
        for token, number in numbers.items()
        for cut in range(1, len(token))
        if token[:cut] in numbers and token[cut:] in numbers
    ]
    names = {number: token for token, number in numbers.items()}
    return [(names[first], names[second]) for _, first, second in sorted(pairs)]
