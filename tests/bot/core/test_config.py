"""The bot's settings: strict, complete in config.toml, and secrets only from the environment."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.core.config import Config, MastodonSettings, XSettings
from bot.core.config.posting import LABEL
from bot.core.post_text.post_checks import fit_for_a_label
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.people.names import NO_VOICE, VoiceName


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_the_shipped_file_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    shipped = CHECKOUT / "config.toml"
    defaults = Config.load(written(tmp_path, ""), {}).model_dump(mode="json")
    table = tomllib.loads(shipped.read_text())
    assert (defaults.pop("schedule"), defaults.pop("account")) == ([], [])
    for section, settings in defaults.items():
        for secret in [key.removesuffix("_env") for key in settings if key.endswith("_env")]:
            settings.pop(secret)
        for key, default in settings.items():
            stands = table[section][key]
            if section == "storage" or (section, key) in {("collecting", "folder"), ("cluster", "cache")}:
                stands = str(tmp_path / stands)
            assert stands == default, f"[{section}] {key}"
        assert set(table[section]) == set(settings)


def test_the_schedule_that_the_shipped_file_shows_is_one_and_shows_every_setting(tmp_path: Path) -> None:
    lines = (CHECKOUT / "config.toml").read_text().splitlines()
    begin = lines.index("# [[schedule]]")
    shown = "\n".join(line.removeprefix("# ") for line in lines[begin : lines.index("", begin)])
    [entry] = Config.load(written(tmp_path, shown), {}).schedule
    assert set(tomllib.loads(shown)["schedule"][0]) | {"every_minutes"} == set(type(entry).model_fields)
    assert entry.schedule.cron == "0 3 * * *"
    assert len(entry.schedule.seed) == 16


def test_the_document_on_x_names_keys_settings_and_figures_as_they_are() -> None:
    section = (CHECKOUT / "docs" / "x.md").read_text()
    running_text = " ".join(section.split())
    x = Config().x
    for variable in (x.consumer_key_env, x.consumer_secret_env, x.access_token_env, x.access_token_secret_env):
        assert f"`{variable}` |" in section
    shown = tomllib.loads("\n".join(line[3:] for line in section.split("```toml\n")[1].split("```")[0].splitlines()))
    assert set(shown["x"]) <= set(type(x).model_fields)
    assert shown["x"]["dry_run"] is False
    named = set(re.findall(r"`([a-z_]+)(?: = [^`]*)?`", section))
    assert named - set(type(x).model_fields) == {"action"}
    for figure in (x.post_usd, x.reply_usd, x.read_usd):
        assert f"{figure:.3f}" in section
    begins, ends = x.quiet_hours.split("-")
    assert f"{begins} to {ends} {x.time_zone}" in section
    assert f"{x.minutes_between_posts:.0f} minutes" in section
    assert f"{x.monthly_budget_usd:.0f} USD a month" in running_text
    answers = f"at most {x.replies_per_author_a_day} answers a day, and a thread has at most {x.replies_per_thread}"
    assert answers in running_text
    assert x.ai_label in section


OTHER = '[[account]]\nnetwork = "x"\naccount = "other"\nconsumer_key_env = "OTHER_KEY"\n'


def test_further_accounts_have_secrets_of_their_own_which_no_child_process_gets(tmp_path: Path) -> None:
    text = f'{OTHER}[[account]]\nnetwork = "mastodon"\naccount = "b"\nurl = "https://example.social"\ntoken_env = "T"\n'
    config = Config.load(written(tmp_path, text), {"OTHER_KEY": "s3cret", "T": "t0ken", "X_ACCESS_TOKEN": "shared"})
    x, mastodon = config.account
    assert isinstance(x, XSettings)
    assert isinstance(mastodon, MastodonSettings)
    assert x.consumer_key
    assert (x.consumer_key.get_secret_value(), x.name) == ("s3cret", "other")
    assert mastodon.token
    assert (mastodon.token.get_secret_value(), mastodon.name) == ("t0ken", "mastodon:b@example.social")
    assert config.secret_names >= {"OTHER_KEY", "T", "X_CONSUMER_KEY", "BLUESKY_PASSWORD", "DISCORD_TOKEN"}
    assert "s3cret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OTHER + OTHER, "other is there already"),
        ('[x]\naccount = "Other"\n' + OTHER, "other is there already"),
        ('[[account]]\nnetwork = "x"\n', "account is empty"),
        (OTHER + 'consumer_key = "s3cret"\n', r"\[\[account\]\] consumer_key is a secret"),
        ('[[account]]\nnetwork = "myspace"\n', "account"),
        ('[mastodon]\nurl = "http://example.social"\n', r"\[mastodon\] url"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as refused:
        Config.load(written(tmp_path, text), {})
    assert "s3cret" not in str(refused.value)


def test_the_account_that_the_shipped_file_shows_is_one(tmp_path: Path) -> None:
    lines = (CHECKOUT / "config.toml").read_text().splitlines()
    begin = lines.index("# [[account]]")
    shown = "\n".join(line.removeprefix("# ") for line in lines[begin : lines.index("", begin)])
    [account] = Config.load(written(tmp_path, shown), {}).account
    assert account.missing.startswith("OTHER_X_CONSUMER_KEY, ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('cron = "0 3 * *"', "not a cron line"),
        ("", "either a cron line or an interval"),
        ('cron = "0 3 * * *"\nevery_minutes = 5', "either a cron line or an interval"),
        ('cron = "0 3 * * *"\ntime_zone = "Mars/Base"', "no time zone"),
        ('cron = "0 3 * * *"\nquiet_hours = "25:00-07:00"', "quiet_hours"),
        ('cron = "0 3 * * *"\nvoice = ""', "needs a voice"),
        ('cron = "0 3 * * *"\nvoice = "../x"', "is not a name"),
        ('cron = "0 3 * * *"\nvoice = 3', "is no text"),
        ('cron = "0 3 * * *"\nchannel = 5', "the action retrain has no channel"),
        ('cron = "0 3 * * *"\nnetworks = ["x"]', "the action retrain has no networks"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(tmp_path: Path, line: str, says: str) -> None:
    voice = "" if "voice" in line else 'voice = "nasa"\n'
    text = f'[[schedule]]\nname = "nightly"\naction = "retrain"\n{voice}{line}\n'
    with pytest.raises(Misconfigured, match=says):
        Config.load(written(tmp_path, text), {})


def test_what_is_said_by_the_clock_needs_a_voice_and_a_channel(tmp_path: Path) -> None:
    begin = '[[schedule]]\nname = "morning"\naction = "say"\ncron = "0 9 * * *"\n'
    for lines in ('voice = "nasa"\n', "channel = 5\n"):
        with pytest.raises(Misconfigured, match="it needs a voice and the number of a channel"):
            Config.load(written(tmp_path, begin + lines), {})
    [entry] = Config.load(written(tmp_path, begin + 'voice = "nasa"\nchannel = 5\n'), {}).schedule
    assert entry.schedule.options == {"channel": "discord:channel:5"}


def test_a_schedule_of_an_older_version_keeps_its_fingerprint_so_that_changes_of_admins_stay(tmp_path: Path) -> None:
    text = '[[schedule]]\nname = "nightly"\naction = "retrain"\nvoice = "nasa"\ncron = "0 3 * * *"\n'
    [entry] = Config.load(written(tmp_path, text), {}).schedule
    assert entry.schedule.seed == "4ba65b8c5920b053"


def test_a_voice_in_the_settings_is_a_name_as_soon_as_they_are_read(tmp_path: Path) -> None:
    schedule = '[[schedule]]\nname = "daily"\naction = "post"\nvoice = "Bob-ann"\nevery_minutes = 5\n'
    config = Config.load(written(tmp_path, f'[x]\nvoice = "@NASA"\n{schedule}'), {})
    assert config.x.voice == VoiceName("nasa")
    assert config.schedule[0].schedule.voice.handles == ("ann", "bob")
    assert Config().x.voice == NO_VOICE
    with pytest.raises(Misconfigured, match=r'\[x\] voice: "a b" is not a name'):
        Config.load(written(tmp_path, '[x]\nvoice = "a b"\n'), {})


def test_a_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    path = written(tmp_path, '[discord]\ntoken_env = "MY_TOKEN"\n')
    config = Config.load(path, {"MY_TOKEN": " s3cret \n", "DISCORD_TOKEN": "other"})
    assert config.discord.token is not None
    assert config.discord.token.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(config)
    assert config.secret_names >= {"MY_TOKEN"}


@pytest.mark.parametrize("environ", [{}, {"DISCORD_TOKEN": ""}, {"DISCORD_TOKEN": "  "}])
def test_an_empty_token_is_no_token(tmp_path: Path, environ: dict[str, str]) -> None:
    assert Config.load(written(tmp_path, ""), environ).discord.token is None


def test_a_token_written_into_the_file_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="does not belong in a file") as refused:
        Config.load(written(tmp_path, '[discord]\ntoken = "s3cret"\n'), {})
    assert "s3cret" not in str(refused.value)


def test_the_database_is_a_file_beside_the_other_data_unless_a_url_is_given(tmp_path: Path) -> None:
    url = "postgresql://bot@db/bot"
    given = written(tmp_path, f'[store]\nurl = "{url}"\n')
    assert Config.load(given, {}).database_url == url
    secret = Config.load(given, {"BOT_DATABASE_URL": "postgresql://bot:s3cret@db/other"})
    assert secret.database_url == "postgresql://bot:s3cret@db/other"
    assert "s3cret" not in repr(secret)
    assert "BOT_DATABASE_URL" in secret.secret_names
    assert Config.load(written(tmp_path, ""), {}).database_url == f"sqlite:///{tmp_path}/data/bot.db"


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("sqlite:///bot.db", "sqlite:///{folder}/bot.db"),
        ("sqlite+aiosqlite:///kept/bot.db", "sqlite+aiosqlite:///{folder}/kept/bot.db"),
        ("sqlite:////srv/bot.db", "sqlite:////srv/bot.db"),
        ("postgresql:///bot", "postgresql:///bot"),
    ],
)
def test_a_relative_file_of_sqlite_counts_from_the_folder_of_the_settings(
    tmp_path: Path, url: str, resolved: str
) -> None:
    loaded = Config.load(written(tmp_path, f'[store]\nurl = "{url}"\n'), {})
    assert loaded.database_url == resolved.format(folder=tmp_path)


def test_a_password_in_the_file_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"\[store\] url: .*does not belong in a file") as refused:
        Config.load(written(tmp_path, '[store]\nurl = "postgresql://bot:s3cret@db/bot"\n'), {})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[playground]\nport = 99999\n", r"\[playground\] port"),
        ('[playground]\nport = "7860"\n', r"\[playground\] port"),
        ("[playgruond]\n", r"\[playgruond\]"),
        ("[x]\nsettle_seconds = 20.0\n", r"\[x\].* settle_seconds must be longer than timeout_seconds"),
        ("[x]\ntimeout_seconds = 90.0\n", "settle_seconds must be longer"),
        ("[limits]\nrequests_per_minut = 3\n", r"\[limits\] requests_per_minut"),
        ("discord = 3\n", r"\[discord\]"),
        ("[training]\nseed = \n", "not valid TOML"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, text: str, names: str) -> None:
    with pytest.raises(Misconfigured, match=names):
        Config.load(written(tmp_path, text), {})


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = Config.load(written(tmp_path, '[storage]\nmodels = "m"\n'), {})
    assert config.storage.models == tmp_path / "m"
    assert config.storage.data == tmp_path / "data"


def test_without_a_file_the_defaults_are_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    config = Config.load(None, {})
    assert config.storage.models == tmp_path / "share" / "huggingtweets" / "models"
    assert config.database_url == f"sqlite:///{tmp_path / 'share' / 'huggingtweets' / 'data' / 'bot.db'}"


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        Config.load(tmp_path / "none.toml", {})


def test_the_label_that_is_there_by_default_fits() -> None:
    assert fit_for_a_label(LABEL) is None
    assert {settings.ai_label for settings in Config().accounts} == {LABEL}
