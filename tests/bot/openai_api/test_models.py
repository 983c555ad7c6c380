"""/v1/models, and which voices a program may ask for."""

from datetime import UTC, datetime

from tests.bot.openai_api.conftest import Api


async def test_the_voices_in_use_are_listed(api: Api) -> None:
    row = (await api.client.get("/v1/models")).json()
    assert row["object"] == "list"
    [model] = row["data"]
    assert (model["id"], model["object"], model["owned_by"]) == ("ann", "model", "huggingtweets")
    assert abs(model["created"] - datetime.now(UTC).timestamp()) < 24 * 3600


async def test_one_voice_or_a_blend_is_looked_up_under_any_spelling(api: Api) -> None:
    for name, model in (("ann", "ann"), ("@ANN", "ann"), ("0.5*ann", "0.5*ann"), ("ann%2B0.5*ann", "1.5*ann")):
        answer = await api.client.get(f"/v1/models/{name}")
        assert answer.json()["id"] == model, name


async def test_a_blend_writes(api: Api) -> None:
    answer = await api.client.post("/v1/completions", json={"model": "ann + 0.5*ann", "prompt": "our rover"})
    assert answer.json()["model"] == "1.5*ann"


async def test_what_is_no_voice_is_not_found_whatever_it_is_called(api: Api) -> None:
    names = ("nobody", "ann+nobody", "a b", "🦊", "ann/../bob", "0*ann", "9*ann", "+", "ａｎｎ", "x" * 2_000, "ann\n")
    for name in names:
        for path in ("/v1/completions", "/v1/chat/completions"):
            asked = {"model": name, "messages": [{"role": "user", "content": "hi"}]}
            if path == "/v1/completions":
                del asked["messages"]
            answer = await api.client.post(path, json=asked)
            if name == "ann\n":
                assert answer.status_code == 200
                continue
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found"), name
            assert answer.json()["error"]["param"] == "model"
    assert (await api.client.get("/v1/models/nobody")).status_code == 404


async def test_somebody_who_opted_out_is_neither_listed_nor_drawn(api: Api) -> None:
    await api.store.consent.claim("test:server", "test:1", "ann")
    assert await api.store.consent.confirm("test:server", "test:1", "ann", "test:admin")
    assert len((await api.client.get("/v1/models")).json()["data"]) == 1
    await api.store.consent.opt_out("test:1", "imitation")
    assert (await api.client.get("/v1/models")).json()["data"] == []
    for answer in (
        await api.client.get("/v1/models/ann"),
        await api.client.post("/v1/completions", json={"model": "ann"}),
        await api.client.post("/v1/completions", json={"model": "0.5*ann"}),
    ):
        assert answer.status_code == 404
        assert "does not want to be imitated" in answer.json()["error"]["message"]
    assert await api.tweets_counted() == 0
