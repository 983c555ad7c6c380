"""A version as a folder for others: its card with the pictures, and an ordinary model for transformers or llama.cpp.

The folder has no training tweet and no path of this machine.

Knows versions, folders of models, the card and the pictures. Does not know the Hub.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from huggingtweets.core import atomic
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.config.settings import AVATAR_SUFFIXES, Settings
from huggingtweets.core.errors import Misconfigured, Unavailable
from huggingtweets.model import base
from huggingtweets.model.catalogue import license_of
from huggingtweets.pictures import render as draw
from huggingtweets.pictures.render import Box, PicturedPerson
from huggingtweets.publishing import card
from huggingtweets.publishing.folders import Form, folder_of
from huggingtweets.publishing.licences import is_allowed
from huggingtweets.registry.manifest import ADAPTER, DISCRIMINATOR, PROFILE_PICTURE, Prompted
from huggingtweets.registry.version import Version

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CARD = "README.md"


def export(
    version: Version,
    settings: Settings,
    repository: str = "",
    form: Form = "transformers",
    half_done: Callable[[], object] = lambda: None,
) -> Path:
    """The folder of `version`, made anew. It appears once it is whole. `half_done` is called when the model is written.

    Raises `BadBase`, `Unavailable`, `OSError`, and `Misconfigured` if the licence of the base forbids that of the card.
    """
    _refuse_licence(version, settings)
    folder = folder_of(version.name, version.version, settings, form)
    with _replaced(folder) as new:
        (write_gguf if form == "gguf" else write_model)(version, settings, new)
        half_done()
        gguf = gguf_name(version) if form == "gguf" else ""
        write_card(version, settings, new, repository, with_model=not gguf, gguf=gguf)
    return folder


def gguf_name(version: Version) -> str:
    """The name of the file in which llama.cpp finds `version`."""
    return f"{version.name}-{version.version}.gguf"


def _refuse_licence(version: Version, settings: Settings) -> None:
    licence, of_base = settings.card.license, license_of(version.base, settings.storage.models)
    if not is_allowed(licence, of_base):
        raise Misconfigured(
            f"{version.name} cannot be given to others under {licence}, because its base is under {of_base}; "
            f'write license = "{of_base}" under [card], or learn it on another base.'
        )


def write_model(version: Version, settings: Settings, folder: Path) -> None:
    """Write merged weights, tokenizer and generation settings; the adapter and the discriminator if there are any."""
    import torch

    from huggingtweets.model import checkpoint
    from huggingtweets.model.merged import load_version

    voice = load_version(version)
    checkpoint.write(voice.model, folder, getattr(torch, settings.publishing.weights))
    sampling, end = settings.generation, voice.end_of_text
    checkpoint.write_sampling(
        folder,
        end,
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        max_new_tokens=sampling.max_new_tokens,
    )
    _write_tokenizer(voice.tokenizer, end, folder, voice.context)
    if _has_adapter(version):
        shutil.copytree(version.adapter, folder / ADAPTER)
    if version.discriminator.exists():
        shutil.copyfile(version.discriminator, folder / DISCRIMINATOR)
    atomic.readable_as_usual(folder)


def write_gguf(version: Version, settings: Settings, folder: Path) -> None:
    """Write the merged weights and the tokenizer as one file in half precision. Raises `Unavailable`."""
    from huggingtweets.model.gguf_file import Unwritable, write
    from huggingtweets.model.merged import load_version

    voice = load_version(version)
    handles = ", ".join(f"@{account.handle}" for account in version.manifest.accounts)
    said = {
        "general.name": f"AI parody of {handles}",
        "general.version": version.version,
        "general.description": f"An AI writes in the style of {handles}. Nobody named here said what it writes.",
        "general.license": settings.card.license,
    }
    try:
        write(folder / gguf_name(version), voice.model, voice.tokenizer, voice.end_of_text, said)
    except Unwritable as error:
        raise Unavailable(
            f"{version.name} {version.version} cannot be a GGUF file: {error}; export it without --format gguf.",
            for_people=f"{version.name} cannot be a GGUF file, because its language model is of a kind that llama.cpp "
            "does not know. Export it for transformers.",
        ) from error
    atomic.readable_as_usual(folder)


def base_is_on_hub(version: Version) -> bool:
    """Returns True if others can find the base by its name: it is no folder here, and not written like one."""
    from huggingtweets.model.merged import base_of

    name = base_of(version)
    on_hub = base.hub_id(name)
    return on_hub is not None and base.find(name) == on_hub


def _has_adapter(version: Version) -> bool:
    """Returns True if others can use the adapter. It names its base, which peft looks for on the Hub."""
    return version.adapter.exists() and base_is_on_hub(version)


def write_card(
    version: Version,
    settings: Settings,
    folder: Path,
    repository: str = "",
    *,
    with_model: bool = False,
    gguf: str = "",
) -> list[Path]:
    """Write README.md and its pictures into `folder`. A picture that cannot be drawn is left out.

    `with_model` says that the model lies beside it, as in a published folder. `gguf` is the GGUF file beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _pictures(version, settings)
    for name, picture in pictures.items():
        (folder / name).write_bytes(picture)
    sampling = settings.generation
    facts = card.facts(
        version,
        generation={key: getattr(sampling, key) for key in ("temperature", "top_k", "top_p", "max_new_tokens")},
        license=settings.card.license,
        base_license=license_of(version.base, settings.storage.models),
        prompt=settings.card.prompt,
        contact=settings.card.contact,
        consent=settings.card.consent,
        repository=repository,
        base_is_on_hub=base_is_on_hub(version),
        has_adapter=with_model and _has_adapter(version),
        with_model=with_model,
        gguf=gguf,
        pictures=tuple(pictures),
    )
    (folder / CARD).write_text(card.render(facts), encoding="utf-8")
    return [folder / name for name in (CARD, *pictures)]


def people(version: Version, settings: Settings) -> list[PicturedPerson]:
    """The people whom `version` sounds like, with their profile pictures if there are any."""
    return [
        PicturedPerson(account.handle, account.display_name, _avatar(settings.avatars, account.handle))
        for account in version.manifest.accounts
    ]


def _avatar(folder: Path, handle: str) -> Path | None:
    paths = (folder / f"{handle.lower()}{suffix}" for suffix in AVATAR_SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def _pictures(version: Version, settings: Settings) -> dict[str, bytes]:
    """File name -> PNG."""
    manifest, who = version.manifest, people(version, settings)
    prompted = manifest.prompted or Prompted(texts=manifest.samples)
    pictures = {
        "predictions.png": draw.predictions(who, prompted.prompt, prompted.texts),
        "predictions-dark.png": draw.predictions(who, prompted.prompt, prompted.texts, "dark"),
        "pipeline.png": draw.pipeline(*_boxes(version), footer=f"Made on {manifest.day}"),
    }
    with contextlib.suppress(Unavailable):  # a training that was stopped before its first pass has no curve
        training = manifest.training
        pictures["curve.png"] = draw.curve(training.curve, is_kept=training.kept_epoch != 0)
    if version.profile_picture.exists():
        pictures[PROFILE_PICTURE] = version.profile_picture.read_bytes()
    return pictures | {f"avatar-{person.handle}.png": draw.avatar(person) for person in who[: draw.MAX_PEOPLE]}


def _boxes(version: Version) -> tuple[Box, Box, Box, Box]:
    counts, report = version.manifest.counts, version.manifest.measured
    names = " ".join(f"@{account.handle}" for account in version.manifest.accounts)
    return (
        Box(names, f"{counts.downloaded:,} tweets"),
        Box(f"{counts.kept:,} tweets kept", f"−{counts.retweets:,} retweets, −{counts.short:,} short"),
        # The path of a folder looks like an address on the Hub, but is none.
        Box(
            "embedded base" if version.base == EMBEDDED else base.base_name(version.base),
            _bits(report.base_held_out_bits_per_byte),
        ),
        Box(f"{version.name} {version.version}", _bits(report.held_out_bits_per_byte)),
    )


def _bits(bits_per_byte: float) -> str:
    return f"{bits_per_byte:.3f} bits per byte"


def _write_tokenizer(tokenizer: "Tokenizer", end_of_text: int, folder: Path, context: int) -> None:
    """Let a prompt begin with end-of-text, as every tweet did in the training."""
    from tokenizers import Tokenizer, processors

    from huggingtweets.model.tokenizer import is_byte_level, save_tokenizer

    # The file belongs to somebody else, so a copy is changed.
    copied = Tokenizer.from_str(tokenizer.to_str())
    begin = copied.id_to_token(end_of_text)
    template = processors.TemplateProcessing(single=f"{begin} $A", special_tokens=[(begin, end_of_text)])
    before = [processors.ByteLevel(trim_offsets=False)] if is_byte_level(copied) else []
    copied.post_processor = processors.Sequence([*before, template])
    save_tokenizer(copied, folder, context, begin or "")


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """An empty folder for the caller to fill. It replaces `folder` at the end. One process at a time can do this."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.new")
    try:
        with atomic.locked(folder.parent / ".lock", wait=False):
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            yield new
            atomic.sync_tree(new)
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
            atomic.sync_folder(folder.parent)
    except BlockingIOError:
        raise Unavailable(f"{folder} is being made by another process; wait until it is done.") from None
