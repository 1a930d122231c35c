"""Words of other tools for keys and values of services.toml: each is answered with ours."""

from __future__ import annotations

_SERVICE = {
    "command": "cmd exec entrypoint run start",
    "cwd": "dir directory folder working_dir working_directory workdir",
    "env": "environment environ vars variables",
    "env_file": "dotenv env_files",
    "health": "healthcheck health_check health_endpoint readiness readiness_probe liveness_probe",
    "depends_on": "depends needs requires after dependencies",
    "instances": "replicas scale numprocs processes",
    "stop_signal": "signal kill_signal",
    "stop_grace": "grace stop_timeout stop_grace_period kill_timeout",
    "python": "interpreter venv virtualenv",
    "task": "oneshot one_shot job",
    "reload": "autoreload hot_reload",
    "ignore": "exclude",
    "prefix": "url_prefix",
    "profiles": "profile",
}

_HEALTH = {
    "http": "path url endpoint httpGet http_get",
    "command": "test exec cmd",
    "start_deadline": "start_period",
    "interval": "period",
}


def _by_word(words: dict[str, str]) -> dict[str, str]:
    return {word: key for key, others in words.items() for word in others.split()}


SERVICE = _by_word(_SERVICE)
HEALTH = _by_word(_HEALTH)
RESTART = _by_word({"max": "max_restarts max_retries", "policy": "condition"})
FILE = _by_word({"services": "processes apps programs", "log": "logs logging"})

CONDITION = _by_word(
    {
        "ready": "service_healthy process_healthy healthy",
        "started": "service_started process_started running",
        "completed": "done process_completed service_completed_successfully"
        " process_completed_successfully",
    }
)
POLICY: dict[object, str] = {
    "no": "never",
    False: "never",
    "unless-stopped": "always",
    True: "always",
}
RELOAD: dict[object, str] = {True: "overlap", False: "off", "never": "off"}
