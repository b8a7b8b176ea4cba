"""The language host and the engine's life around it, with a program that needs no provider."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from sandbox.instance import SandboxError
from sandbox.paths import ROOT, Layout
from tests.sandbox.harness import Change, Sandbox

#: The sandbox itself, through real engine, set-up and processes: much waiting.
pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 30.0
PACK = "runtime: {name: python, options: {toolchain: pip, virtualenv: ../.venv}}\nversion: 0.1.0\n"
RULES = """
import subprocess, sys
{before}
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def judge(args, report):
    if args.resource_type == "tiny:index:Thing" and args.name != "{allowed}":
        report("only {allowed} is allowed")

PolicyPack("tiny-rules", enforcement_level=EnforcementLevel.MANDATORY,
           policies=[ResourceValidationPolicy("only-allowed", "Names", judge)])
"""


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that know `folder`, by their arguments, environment or working directory."""
    answer = subprocess.run(["ps", "-axwwEo", "pid=,command="], capture_output=True, text=True)
    if answer.returncode != 0:  # Linux spells "with the environment" in another way
        answer = subprocess.run(["ps", "axwwe", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    own = {str(os.getpid()), str(os.getppid())}
    lines = [line.strip() for line in answer.stdout.splitlines()]
    return [line for line in lines if str(folder) in line and line.split()[0] not in own]


def wait_until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.1)


def assert_nothing_left(tiny: Sandbox) -> None:
    wait_until(lambda: not processes_of(tiny.instance.folder), f"no process left: {processes_of(tiny.instance.folder)}")


def add_pack(tiny: Sandbox, allowed: str, before: str = "") -> Sandbox:
    tiny.write("rules/PulumiPolicy.yaml", PACK)
    tiny.write("rules/__main__.py", RULES.format(allowed=allowed, before=before))
    return Sandbox(tiny.project, tiny.instance, policy_pack="rules")


def start_hanging(tiny: Sandbox) -> subprocess.Popen[str]:
    """An update whose program has started and then does not end."""
    tiny.write("__main__.py", "import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(600)\n")
    env = tiny.environ()
    command = [tiny.instance.pulumi(), "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"]
    update = subprocess.Popen(
        command,
        cwd=tiny.project,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_until((tiny.project / "started").exists, "the program has started")
    return update


def test_a_program_runs_through_preview_up_refresh_and_destroy(tiny: Sandbox) -> None:
    assert tiny.changes() == {"tiny-dev": "create", "thing": "create"}
    assert tiny.up().exit_code == 0
    assert tiny.stack_outputs() == {"word": "hello"}
    assert [each["type"] for each in tiny.resources()] == ["pulumi:pulumi:Stack", "tiny:index:Thing"]
    assert tiny.changes() == {}
    assert {step.op for step in tiny.steps()} == {"same"}
    assert tiny.preview(expect_no_changes=True).exit_code == 0
    assert tiny.refresh().exit_code == 0
    assert tiny.destroy().exit_code == 0
    assert tiny.resources() == []
    assert_nothing_left(tiny)


def test_expecting_no_changes_fails_when_there_is_one(tiny: Sandbox) -> None:
    assert tiny.preview(expect_no_changes=True).exit_code != 0


def test_the_tracked_settings_are_never_written(tiny: Sandbox) -> None:
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run([*git, *arguments], cwd=tiny.project, check=True)

    def status() -> str:
        command = ["git", "status", "--porcelain"]
        return subprocess.run(command, cwd=tiny.project, capture_output=True, text=True, check=True).stdout

    assert tiny.pulumi("stack", "init", "dev").exit_code == 0
    assert status() == ""
    plain = ["preview", "up --yes --skip-preview", "refresh --yes", "config --show-secrets", "stack", "about"]
    plain += [
        "stack output --show-secrets",
        "stack history",
        "state unprotect --all --yes",
        "cancel --yes",
        "stack export --file ../exported.json",
        "stack import --file ../exported.json",
        "destroy --yes",
    ]
    for command in plain:  # as typed in the sandbox's shell: for the selected stack
        assert tiny.pulumi(*command.split(), "--non-interactive").exit_code == 0, command
        assert status() == "", command
    tiny.pulumi("config", "set", "word", "bye", check=True)
    settings = (tiny.project / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert "bye" in settings
    assert "encryptionsalt" not in settings
    assert "# Written by hand." in settings


@pytest.mark.parametrize(
    "command",
    [
        "config set --secret a b",
        "config refresh",
        "cfg cp --dest prod",
        "stack history --show-secrets",
        "--color never stack change-secrets-provider x",
    ],
)
def test_what_would_write_secrets_into_tracked_settings_is_refused(tiny: Sandbox, command: str) -> None:
    with pytest.raises(SandboxError, match="against the real backend"):
        tiny.pulumi(*command.split())


def test_a_real_secrets_provider_is_left_out_and_its_values_are_replaced(tiny: Sandbox) -> None:
    tiny.write(
        "Pulumi.dev.yaml",
        "secretsprovider: gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k\nencryptedkey: AAAA\n"
        "config:\n  tiny:word:\n    secure: v1:AAAA:BBBB\n",
    )
    assert tiny.up().exit_code == 0
    assert tiny.stack_outputs() == {"word": "sandbox-secret"}


def test_settings_are_read_anew_by_every_command(tiny: Sandbox) -> None:
    tiny.up()
    tiny.edit("Pulumi.dev.yaml", "hello", "good day")
    assert tiny.up().exit_code == 0
    assert tiny.stack_outputs() == {"word": "good day"}


def test_an_unknown_environment_is_one_sentence(tiny: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"no environment 'nope': .* has dev$"):
        tiny.preview("nope")


def test_a_program_that_ends_with_a_code_fails_the_preview(tiny: Sandbox) -> None:
    tiny.write("__main__.py", "import sys\nsys.exit(3)\n")
    result = tiny.preview()
    assert result.exit_code != 0
    assert "program exited with non-zero exit code: 3" in result.output


def test_an_error_in_the_program_is_shown_once(tiny: Sandbox) -> None:
    tiny.write("__main__.py", "raise ValueError('the reason')\n")
    result = tiny.preview()
    assert result.exit_code != 0
    assert result.output.count("ValueError: the reason") == 1
    assert "exit code" not in result.output  # 32 means: already shown


def test_a_missing_virtual_environment_is_one_sentence(tiny: Sandbox) -> None:
    (tiny.project / ".venv").unlink()
    result = tiny.preview()
    assert result.exit_code != 0
    assert "has no Python; run the set-up again" in result.output
    assert "Traceback" not in result.output


def test_a_policy_pack_judges_and_is_stopped_with_all_its_children(tiny: Sandbox) -> None:
    # The pack never ends by itself, and it starts a process that knows nothing of the pack's end.
    before = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    good, bad = add_pack(tiny, "thing", before), add_pack(tiny, "another", before)
    result = bad.preview()
    assert result.exit_code != 0
    assert "only another is allowed" in result.output
    assert "only-allowed" in result.output
    assert_nothing_left(tiny)
    good = add_pack(tiny, "thing", before)
    assert good.up().exit_code == 0
    assert_nothing_left(tiny)


def test_a_component_package_answers_for_its_schema(tiny: Sandbox) -> None:
    tiny.write("parts/PulumiPlugin.yaml", "runtime: {name: python, options: {toolchain: pip, virtualenv: ../.venv}}\n")
    tiny.write(
        "parts/__main__.py",
        "import pulumi\nfrom typing import TypedDict\n"
        "from pulumi.provider.experimental import component_provider_host\n"
        "class PartArgs(TypedDict):\n    size: pulumi.Input[str]\n"
        "class Part(pulumi.ComponentResource):\n"
        "    def __init__(self, name: str, args: PartArgs, opts: pulumi.ResourceOptions | None = None):\n"
        "        super().__init__('parts:index:Part', name, {}, opts)\n"
        "component_provider_host(name='parts', components=[Part])\n",
    )
    result = tiny.pulumi("package", "get-schema", "./parts", check=True)
    assert "parts:index:Part" in json.loads(result.stdout)["resources"]
    assert_nothing_left(tiny)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_update_in_good_order(tiny: Sandbox, number: signal.Signals) -> None:
    update = start_hanging(tiny)
    assert len(processes_of(tiny.instance.folder)) >= 3  # the engine, its host and the program
    update.send_signal(number)
    output, _ = update.communicate(timeout=PATIENCE_SECONDS)
    assert update.returncode != 0, output
    assert_nothing_left(tiny)
    # In good order: the state is not locked, and the next update works.
    tiny.write("__main__.py", "import pulumi\npulumi.export('word', 'again')\n")
    result = tiny.up()
    assert result.exit_code == 0, result.output


def test_nothing_survives_an_engine_that_was_killed(tiny: Sandbox) -> None:
    update = start_hanging(tiny)
    update.kill()
    update.communicate(timeout=PATIENCE_SECONDS)
    assert_nothing_left(tiny)


STUBBORN = """
import os, subprocess, sys, time
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
os.write(1, b"4711")
time.sleep(600)
"""


@pytest.mark.parametrize("ended_by", ["cancelled call", "signal to the host"])
def test_a_plugin_ends_with_its_call_and_with_the_host(set_up: Layout, tmp_path: Path, ended_by: str) -> None:
    """Spoken to directly: the engine always ends the host too, so it cannot tell the two apart."""
    (tmp_path / "__main__.py").write_text(STUBBORN, encoding="utf-8")
    command = [set_up.python, "-I", ROOT / "sandbox" / "language_host.py", "127.0.0.1:1"]
    env = os.environ | {"MARK": str(tmp_path)}
    host = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert host.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{host.stdout.readline().strip()}") as channel:
            info = language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path))
            request = language_pb2.RunPluginRequest(kind="resource", pwd=str(tmp_path), info=info)
            call = language_pb2_grpc.LanguageRuntimeStub(channel).RunPlugin(request, timeout=4 * PATIENCE_SECONDS)
            assert next(call).stdout == b"4711"
            assert len(processes_of(tmp_path)) == 3  # the host, the plugin and the plugin's child, which is stubborn
            if ended_by == "cancelled call":
                call.cancel()
                wait_until(lambda: len(processes_of(tmp_path)) == 1, "only the host is left")
            host.send_signal(signal.SIGINT)
            host.wait(PATIENCE_SECONDS)
            assert processes_of(tmp_path) == []
    finally:
        for line in processes_of(tmp_path):  # only when the test fails: these are all its own
            os.kill(int(line.split()[0]), signal.SIGKILL)
        host.wait()


def test_the_command_line_of_the_sandbox_passes_exit_codes_on(set_up: Layout) -> None:
    command = [set_up.python, "-m", "sandbox", "preview", "no-such-environment"]
    answer = subprocess.run(command, cwd=set_up.root, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("sandbox: no environment 'no-such-environment'")


def test_a_change_reads_its_urn() -> None:
    change = Change("urn:pulumi:dev::p::a:b:Parent$gcp:storage/bucket:Bucket::models", "create")
    assert (change.name, change.type) == ("models", "gcp:storage/bucket:Bucket")
