"""Settings are what the file says or the default, and every fault in the file is told with its place."""

import re
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.config.user_folders import user_settings
from huggingtweets.core.errors import Misconfigured

CONFIG = Path(__file__).parents[4] / "config.toml"


def saved(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Misconfigured) as refused:
        Settings.load(path)
    return str(refused.value)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    settings = Settings.load(saved(tmp_path, ""))
    assert settings.training == Settings().training
    assert settings.generation == Settings().generation


def test_paths_count_from_the_folder_of_the_file_and_so_do_their_defaults(tmp_path: Path) -> None:
    settings = Settings.load(saved(tmp_path, '[storage]\nmodels = "voices"\n'))
    assert settings.storage.models == tmp_path / "voices"
    assert settings.storage.data == tmp_path / "data"
    assert settings.tweets == tmp_path / "data" / "tweets"
    assert Settings.load(saved(tmp_path, "")).storage.models == tmp_path / "models"


def test_a_base_in_a_folder_beside_the_file_becomes_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bases" / "mine").mkdir(parents=True)
    (tmp_path / "bases" / "mine" / "config.json").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = Settings.load(saved(tmp_path, '[training]\nbase = "bases/mine"\n'))
    assert settings.training.base == str(tmp_path / "bases" / "mine")


@pytest.mark.parametrize("base", ["gpt2", "hub:owner/name", "models/base", "/srv/base", "bases/none"])
def test_other_bases_are_left_as_they_are(tmp_path: Path, base: str) -> None:
    assert Settings.load(saved(tmp_path, f'[training]\nbase = "{base}"\n')).training.base == base


def test_an_absolute_path_is_left_as_it_is(tmp_path: Path) -> None:
    assert Settings.load(saved(tmp_path, '[storage]\nmodels = "/srv/voices"\n')).storage.models == Path("/srv/voices")


def test_without_a_file_here_the_users_own_counts_and_state_is_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    home = tmp_path / "share" / "huggingtweets"
    assert Settings.load().storage.models == home / "models"
    assert Settings.load().training.seed == 1
    saved(user_settings().parent, '[training]\nseed = 7\n[storage]\ndata = "tweets"\n')
    assert Settings.load().training.seed == 7
    assert (Settings.load().storage.models, Settings.load().storage.data) == (home / "models", home / "tweets")
    assert Settings.load(user_settings()).storage.models == home / "models", "it is the same file"
    saved(tmp_path / "here", "[training]\nseed = 8\n")
    assert Settings.load().training.seed == 8
    assert Settings.load().storage.models == tmp_path / "here" / "models"


def test_whole_numbers_are_taken_for_decimal_ones(tmp_path: Path) -> None:
    assert Settings.load(saved(tmp_path, "[generation]\ntemperature = 2\n")).generation.temperature == 2.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[training]\nsed = 1\n", r"\[training\] sed: there is no such setting; did you mean seed\?$"),
        ("[training]\nno_such_thing = 1\n", r"\[training\] no_such_thing: there is no such setting; remove it\.$"),
        ('[training]\nseed = "1"\n', r"\[training\] seed: Input should be a valid integer"),
        ("[generation]\ntop_p = 1.5\n", r"\[generation\] top_p: Input should be less than or equal to 1"),
        ('[training]\nmethod = "prompt"\n', r"\[training\] method: Input should be 'lora' or 'full'"),
        ("training = 3\n", r"\[training\]: Input should be"),
        ("[trainning]\n", r"there is no section \[trainning\]; did you mean \[training\]\?"),
        ("[training\n", "is not valid TOML"),
        ('[storage]\ndata = "C:\\models"\n', r"\(at line 2, column \d+\); in a path write / or \\\\ instead of \\."),
        ('[storage]\ndata = "C:\\users"\n', r"in a path write / or \\\\ instead of \\."),
        ("[storage]\ndata = voices\n", "; put text in quotation marks."),
        ("[training]\nseed = " + "9" * 5_000, "is not valid TOML"),
        ("a = " + "[" * 100_000, "is not valid TOML"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = saved(tmp_path, text)
    assert re.search(told, refusal(path))
    assert refusal(path).startswith(str(path))


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[training]\r\nseed = 7\r\n")
    assert Settings.load(tmp_path / "config.toml", {}).training.seed == 7


def test_a_file_in_another_encoding_is_told_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes("[training]\nseed = 7\n".encode("utf-16"))
    assert "is not UTF-8 text" in refusal(tmp_path / "config.toml")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    sentence = refusal(saved(tmp_path, "[training]\nsed = 1\n[generation]\ntop_k = 0\n"))
    assert "[training] sed" in sentence
    assert "[generation] top_k" in sentence


def test_a_missing_or_unreadable_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory; name another with --config." in refusal(tmp_path / "none.toml")
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in refusal(tmp_path / "config.toml")


def test_sections_of_others_are_passed_over(tmp_path: Path) -> None:
    assert Settings.load(saved(tmp_path, '[discord]\ntoken_env = "X"\n')).training == Settings().training


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().training.seed = 2


def test_every_setting_stands_in_config_toml_with_its_default() -> None:
    assert Settings.load(CONFIG).training == Settings().training
    assert Settings.load(CONFIG).generation == Settings().generation
    assert Settings.load(CONFIG).storage.models == CONFIG.parent / Settings().storage.models
    written = _keys(CONFIG)
    for section, part in Settings():
        fields = set(type(part).model_fields)
        secrets = {key.removesuffix("_env") for key in fields if key.endswith("_env")}
        assert set(written[section]) == fields - secrets, section


def test_every_line_of_config_toml_that_needs_a_word_has_one() -> None:
    """A name that explains itself is enough; otherwise a comment follows."""
    bare = {"seed", "lora_rank", "lora_learning_rate", "full_learning_rate", "weight_decay"}
    for section, keys in _keys(CONFIG).items():
        if section in Settings.model_fields:
            assert {key for key, comment in keys.items() if not comment} <= bare, section


def test_a_secret_comes_from_the_environment_and_never_from_the_file(tmp_path: Path) -> None:
    given = saved(tmp_path, '[collecting]\nx_bearer_token_env = "MY"\n')
    token = Settings.load(given, {"MY": " s3cret\n"}).collecting.x_bearer_token
    assert token
    assert token.get_secret_value() == "s3cret"
    assert Settings.load(given, {}).collecting.x_bearer_token is None
    sentence = refusal(saved(tmp_path, '[collecting]\nx_bearer_token = "s3cret"\n'))
    assert "is a secret and does not belong in a file" in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize("url", ["http://api.x.com", "ftp://127.0.0.1", "api.x.com", ""])
def test_tokens_are_only_sent_encrypted_or_to_this_machine(tmp_path: Path, url: str) -> None:
    assert "must begin with https://" in refusal(saved(tmp_path, f'[collecting]\nx_api_url = "{url}"\n'))
    here = saved(tmp_path, '[collecting]\nx_api_url = "http://127.0.0.1:8080"\n')
    assert Settings.load(here).collecting.x_api_url == "http://127.0.0.1:8080"


def _keys(path: Path) -> dict[str, dict[str, str]]:
    """section -> key -> comment, read as a person reads it."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = match[1]
            found[section] = {}
        elif match := re.match(r"(\w+) = [^#]*(?:# *(.*))?$", line):
            found[section][match[1]] = match[2] or ""
    return found
