"""`LocalPod`: one pod whose program runs here, from its first try to its end."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from sandbox.cluster.api_server import ApiError, ApiServer, Object
from sandbox.cluster.controller_programs import ControllerProgram
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.network import API_PORT, HOST
from sandbox.cluster.pod_files import etc_files, write_files
from sandbox.cluster.pod_probe import Prober
from sandbox.cluster.pod_process import Bind, PodProcess, PodProgram
from sandbox.cluster.pod_sources import PodSources
from sandbox.cluster.pod_spec import NotYetError, Place, arguments, environment, mounts, volume_files
from sandbox.cluster.pod_status import BAD_CONFIG, CRASHED, CREATING, Seen
from sandbox.cluster.programs import program as program_file
from sandbox.paths import ROOT
from sandbox.progress import SetupError
from sandbox.upstream.go_modules import module_folder

#: Between two looks at what volumes hold, and between two tries of a pod that lacks something.
REFRESH_SECONDS, RETRY_SECONDS = 5.0, 1.0
#: Waits before a program that ended is started anew; one that ran so long starts with the first again.
FIRST_WAIT, LONGEST_WAIT, SETTLED_SECONDS = 1.0, 30.0, 60.0
LOG_LINES = 10
#: Where Linux has its shared libraries.
SYSTEM_FOLDERS = ("lib", "lib64", "usr")


class LocalPod:
    """To be used by the main thread: the kernel ends programs with the thread that started them."""

    def __init__(
        self, api: ApiServer, layout: ClusterLayout, pod: Object, runs: tuple[Object, ControllerProgram], address: str
    ) -> None:
        self.pod = pod
        self.container, self.program = runs
        self.place = Place(address, HOST, API_PORT)
        self.sources = PodSources(api, pod)
        self.folder = layout.pods / pod["metadata"]["uid"]
        metadata = pod["metadata"]
        log = f"{metadata['namespace']}_{metadata['name']}_{self.container['name']}.log"
        self.log = layout.logs / "pods" / log
        self.authority = (layout.keys / "ca.crt").read_bytes()
        self.process: PodProcess | None = None
        self.prober: Prober | None = None
        self.restarts = 0
        self.waiting: tuple[str, str] | None = (CREATING, "")
        self._deaths = 0
        self._due = 0.0
        self._refreshed = 0.0

    def tick(self, slices: Iterable[Object]) -> None:
        """Starts, refreshes or buries the program, as is due; what fails is tried again at a later tick."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._due:
                self._due = now + RETRY_SECONDS
                self._try_to_start(slices)
        elif self.process.ended is not None:
            self._bury(self.process, now)
        else:
            # at once: Knative's activator waits for the autoscaler's address
            self._write_etc(slices)
            if now - self._refreshed >= REFRESH_SECONDS:
                self._refresh()

    def seen(self) -> Seen:
        """What is to be reported."""
        ready = self.prober is not None and self.prober.ready
        return Seen(self.place.pod_ip, HOST, ready, self.waiting, self.restarts, self.container["name"])

    def ask_to_end(self) -> None:
        """Asks the program to end; `stop` waits for it."""
        if self.process is not None:
            self.process.ask_to_end()

    def stop(self) -> None:
        """Ends the program and removes its files; its log stays."""
        self._stop_probing()
        if self.process is not None:
            self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _try_to_start(self, slices: Iterable[Object]) -> None:
        try:
            env = environment(self.pod, self.container, self.program, self.place, self.sources)
        except NotYetError as missing:
            self.waiting = (BAD_CONFIG, str(missing))
            return
        try:
            self._write_volumes()
            self._write_etc(slices)
            self.process = PodProcess(self._program(env))
        except (NotYetError, ApiError, SetupError) as missing:
            self.waiting = (CREATING, str(missing))
            return
        self.waiting = None
        self._refreshed = time.monotonic()
        self.prober = Prober(self.container, self.place.pod_ip)

    def _refresh(self) -> None:
        self._refreshed = time.monotonic()
        try:
            self._write_volumes()
        except (NotYetError, ApiError) as missing:
            # as with any kubelet a program goes on with what it had
            self._say(f"its volumes are not refreshed: {missing}")

    def _bury(self, process: PodProcess, now: float) -> None:
        code, ran = process.ended, now - process.started
        process.stop()
        self._stop_probing()
        self.process = None
        self._deaths = 0 if ran > SETTLED_SECONDS else self._deaths
        wait = min(FIRST_WAIT * 2**self._deaths, LONGEST_WAIT)
        self._deaths += 1
        self.restarts += 1
        self._due = now + wait
        lines = "\n".join(process.last_lines(LOG_LINES))
        self.waiting = (CRASHED, f"ended with code {code}, started anew in {wait:.0f} s; its last lines:\n{lines}")
        self._say(self.waiting[1])

    def _write_volumes(self) -> None:
        for volume in self._used_volumes():
            files = volume_files(self.pod, volume, self.place, self.sources)
            if files is None:
                self._volume(volume["name"]).mkdir(parents=True, exist_ok=True, mode=0o700)
            else:
                write_files(self._volume(volume["name"]), files)

    def _write_etc(self, slices: Iterable[Object]) -> None:
        write_files(self.folder / "etc", etc_files(self.pod, self.place.pod_ip, slices, self.authority))

    def _program(self, env: dict[str, str]) -> PodProgram:
        binds = [Bind(self.folder / "etc", "/etc")]
        if self.program.module_data:
            source, inside, path = self.program.module_data
            binds.append(Bind(module_folder(source) / inside, path))
        module, given = self.program.python_module, arguments(self.container, env)
        if module:
            binds += _folders_of_python()
            given, env = ["-P", "-m", module, *given], {**env, "PYTHONPATH": str(ROOT)}
        binds += [Bind(self._volume(one.volume) / one.sub_path, one.path) for one in mounts(self.container)]
        return PodProgram(
            file=Path(sys.executable) if module else program_file(self.program.name),
            inside=sys.executable if module else None,
            arguments=given,
            env=env,
            host_name=self.pod["metadata"]["name"],
            address=self.place.pod_ip,
            root=self.folder / "root",
            binds=binds,
            log=self.log,
            background=self.program.background,
        )

    def _used_volumes(self) -> list[Object]:
        used = {one.volume for one in mounts(self.container)}
        return [one for one in self.pod["spec"].get("volumes", ()) if one["name"] in used]

    def _volume(self, name: str) -> Path:
        return self.folder / "volumes" / name

    def _stop_probing(self) -> None:
        if self.prober is not None:
            self.prober.stop()
        self.prober = None

    def _say(self, text: str) -> None:
        metadata = self.pod["metadata"]
        print(f"{metadata['namespace']}/{metadata['name']} {text}", flush=True)


def _folders_of_python() -> list[Bind]:
    """The folders at the root that the interpreter, its libraries and the project lie in."""
    places = (Path(sys.prefix), Path(sys.base_prefix), ROOT)
    tops = {Path("/") / place.parts[1] for place in places} | {Path("/") / name for name in SYSTEM_FOLDERS}
    return [Bind(one, str(one)) for one in sorted(tops) if one.is_dir()]
