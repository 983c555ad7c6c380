"""What deploy/cluster says is what the program and Ray expect: a token everywhere, nothing open, one folder for all."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.config.cluster import ClusterSettings

FOLDER = Path(__file__).parent.parent / "deploy" / "cluster"
TOKEN_ENV = ClusterSettings().token_env


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def pods() -> list[dict[str, Any]]:
    spec = documents("kuberay.yaml")[0]["spec"]
    return [group["template"] for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]


def test_every_machine_of_kubernetes_has_the_token_and_no_more_rights_than_it_needs() -> None:
    for pod in pods():
        [container] = pod["spec"]["containers"]
        environment = {entry["name"]: entry for entry in container["env"]}
        assert environment["RAY_AUTH_MODE"]["value"] == "token"
        assert environment[TOKEN_ENV]["valueFrom"]["secretKeyRef"] == {"name": "ray-token", "key": "token"}
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert "memory" in container["resources"]["limits"]


def test_every_machine_sees_one_folder_which_several_may_write() -> None:
    _, claim, _ = documents("kuberay.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in pods():
        [volume] = pod["spec"]["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert pod["spec"]["containers"][0]["volumeMounts"] == [{"name": volume["name"], "mountPath": "/state"}]


def test_only_the_cluster_and_the_bot_reach_it() -> None:
    *_, policy = documents("kuberay.yaml")
    selected = policy["spec"]["podSelector"]["matchLabels"]
    assert all(pod["metadata"]["labels"] == selected for pod in pods())
    [rule] = policy["spec"]["ingress"]
    assert [source["podSelector"]["matchLabels"]["app"] for source in rule["from"]] == [
        "huggingtweets-ray",
        "huggingtweets-bot",
    ]


def test_the_cluster_has_the_name_and_port_that_the_settings_are_told() -> None:
    cluster = documents("kuberay.yaml")[0]
    address = f"{cluster['metadata']['name']}-head-svc:6379"
    assert f'[cluster] address = "{address}"' in (FOLDER / "kuberay.yaml").read_text()
    assert ClusterSettings(address=address, without_token=True).address == address


def test_ray_up_starts_each_machine_with_a_token_and_without_the_dashboard() -> None:
    [setup] = documents("ray-up.yaml")
    starts = [
        command
        for key in ("head_start_ray_commands", "worker_start_ray_commands")
        for command in setup[key]
        if "ray start" in command
    ]
    assert len(starts) == 2
    assert all(start.startswith("RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 ray start") for start in starts)
    assert "--include-dashboard=false" in starts[0]
    assert f"--node-ip-address={setup['provider']['head_ip']}" in starts[0]
    assert setup["max_workers"] == len(setup["provider"]["worker_ips"])


@pytest.mark.cluster
def test_ray_itself_takes_the_file_for_ray_up() -> None:
    pytest.importorskip("ray")
    from ray.autoscaler._private.util import prepare_config, validate_config

    [setup] = documents("ray-up.yaml")
    validate_config(prepare_config(setup))
