"""`python -m benchmarks.pictures`: docs/predictions.png, what the voice that comes with this software writes.

Knows where the voice and the picture are. Does not know how it is drawn.
"""

from pathlib import Path

from huggingtweets.pictures import render
from huggingtweets.pictures.render import PicturedPerson
from huggingtweets.registry import manifest as manifests
from huggingtweets.workflow.sample_voice import FOLDER

PICTURE = Path(__file__).parents[1] / "docs" / "predictions.png"


def draw(picture: Path = PICTURE) -> None:
    """Draw the texts that the voice's manifest has."""
    manifest = manifests.read(FOLDER)
    people = [PicturedPerson(account.handle, account.display_name) for account in manifest.accounts]
    assert manifest.prompted
    picture.write_bytes(render.predictions(people, manifest.prompted.prompt, manifest.prompted.texts))


if __name__ == "__main__":
    draw()
