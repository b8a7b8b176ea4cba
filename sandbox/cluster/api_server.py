"""`ApiServer`: a real Kubernetes API, whose objects are plain data and are found by apiVersion and kind."""

from __future__ import annotations

import builtins
import datetime
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kubernetes
import urllib3

Object = dict[str, Any]

#: Connections that may be open at once: the engine asks for up to 32 operations at a time, watches come on top.
CONNECTIONS = 64
#: How a patch is meant, by its content type.
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
MERGE_BY_TYPE = "application/strategic-merge-patch+json"


def told(moment: datetime.datetime) -> str:
    """A moment of UTC as Kubernetes writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ApiError(Exception):
    """What the API server answers with an error status; the text is its own message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        """The API's word for the class of the error, such as NotFound, Conflict or Forbidden."""


class NoSuchKindError(ApiError):
    """The server has no such kind: its definition is missing."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(404, "NoSuchKind", f'no matches for kind "{kind}" in version "{api_version}"')


class UnreachableError(Exception):
    """There is no answer: the server is not running, or the connection broke."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the server offers it."""

    api_version: str
    name: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Path of its objects: of one by its name, of all in a namespace, or of all."""
        base = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        one = f"/{name}" if name else ""
        return f"{base}{inside}/{self.plural}{one}" + (f"/{subresource}" if subresource else "")


@dataclass
class ApiServer:
    """A connection to one API server; threads may share it."""

    client: Any
    """The `ApiClient` of the package kubernetes, which has no types."""
    headers: Mapping[str, str] = field(default_factory=dict)
    _kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, kubeconfig: Path) -> ApiServer:
        """The server that a kubeconfig names; nothing is asked yet."""
        configuration: Any = kubernetes.client.Configuration()
        kubernetes.config.load_kube_config(str(kubeconfig), client_configuration=configuration)
        configuration.connection_pool_maxsize = CONNECTIONS
        configuration.retries = False
        return cls(kubernetes.client.ApiClient(configuration))

    def acting_as(self, user: str, group: str | None = None) -> ApiServer:
        """The same server asked in the name of somebody, as a member of a group, who may do less."""
        headers = {"Impersonate-User": user, **({"Impersonate-Group": group} if group else {})}
        return ApiServer(self.client, headers, self._kinds)

    def ready(self) -> bool:
        """True when the server says that it is ready."""
        try:
            return self._answer("GET", "/readyz", {}, None, {}).status == 200
        except (ApiError, UnreachableError):
            return False

    def kind(self, api_version: str, kind: str) -> Kind:
        """Raises NoSuchKindError."""
        known = self._kinds.get((api_version, kind))
        if known is not None:
            return known
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            offered = self.request("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            offered = {"resources": []}
        for one in offered["resources"]:
            if one["kind"] == kind and "/" not in one["name"]:
                found = Kind(api_version, kind, one["name"], one["namespaced"])
                with self._lock:
                    self._kinds[api_version, kind] = found
                return found
        raise NoSuchKindError(api_version, kind)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The object, or None."""
        path = self.kind(api_version, kind).path(namespace, name)
        try:
            return self.request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list_with_version(
        self, api_version: str, kind: str, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[builtins.list[Object], str]:
        """`list`, and the resource version from which a watch goes on."""
        path = self.kind(api_version, kind).path(namespace)
        answer = self.request("GET", path, {"labelSelector": labels, "fieldSelector": fields})
        found = [{"apiVersion": api_version, "kind": kind, **one} for one in answer["items"]]
        return found, answer["metadata"]["resourceVersion"]

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """All objects of a kind, in one namespace or in all, by selectors; each with its apiVersion and kind."""
        return self.list_with_version(api_version, kind, namespace, labels, fields)[0]

    def create(self, made: Object, subresource: str | None = None) -> Object:
        """Creates the object, or a subresource such as an eviction or a token of the one that it names."""
        kind, metadata = self.kind(made["apiVersion"], made["kind"]), made["metadata"]
        name = metadata["name"] if subresource else None
        return self.request("POST", kind.path(metadata.get("namespace"), name, subresource), body=made)

    def apply(self, made: Object, manager: str, *, force: bool = True, dry_run: bool = False) -> Object:
        """Server-side apply: creates or changes the fields that are given.

        Raises ApiError, with status 409 for a field that belongs to another manager.
        """
        path = self.path_of(made)
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        return self.request("PATCH", path, query | ({"dryRun": "All"} if dry_run else {}), made, APPLY)

    def patch(
        self, made: Object, change: Any, *, how: str = MERGE, subresource: str | None = None, manager: str = "sandbox"
    ) -> Object:
        """Changes an object by a merge patch, or by a list of JSON patches."""
        metadata = made["metadata"]
        path = self.kind(made["apiVersion"], made["kind"]).path(
            metadata.get("namespace"), metadata["name"], subresource
        )
        return self.request("PATCH", path, {"fieldManager": manager}, change, how)

    def set_status(self, made: Object, status: Object, manager: str) -> None:
        """Writes the fields of a status, unless the object, as it was read, has them."""
        before = made.get("status", {})
        if any(before.get(key) != value for key, value in status.items()):
            self.patch(made, {"status": status}, subresource="status", manager=manager)

    def delete(self, made: Object, *, propagation: str = "Background", grace: int | None = None) -> None:
        """Asks for the object's removal; one that is gone already is no error. It may still be there for a while."""
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.request("DELETE", self.path_of(made), body=options)
        except ApiError as error:
            if error.status != 404:
                raise

    def watch(self, api_version: str, kind: str, seconds: int, version: str) -> Iterator[tuple[str, Object]]:
        """(ADDED, MODIFIED or DELETED, object) of what happens after a resource version, for so many seconds.

        Raises ApiError with status 410 when the version is too old: list again, and go on from there.
        """
        query = {"watch": "true", "timeoutSeconds": str(seconds), "resourceVersion": version}
        answer = self._answer("GET", self.kind(api_version, kind).path(), query, None, {}, seconds + 10)
        try:
            for line in _lines(answer.stream(None)):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError(status["code"], status["reason"], status["message"])
                yield event["type"], event["object"]
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(str(error)) from None
        finally:
            answer.close()
            answer.release_conn()

    def path_of(self, made: Object) -> str:
        """Path of an object by its apiVersion, kind, namespace (default, where one is needed) and name."""
        kind, metadata = self.kind(made["apiVersion"], made["kind"]), made["metadata"]
        return kind.path(metadata.get("namespace") or "default", metadata["name"])

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Any:
        """Any request, answered as data. Raises ApiError and UnreachableError."""
        answer = self._answer(method, path, query or {}, body, {"Content-Type": content_type})
        return json.loads(answer.data)

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any,
        headers: Mapping[str, str],
        seconds: int = 60,
    ) -> Any:
        given = [(key, value) for key, value in query.items() if value]
        try:
            response, _, _ = self.client.call_api(
                path,
                method,
                query_params=given,
                header_params={"Accept": "application/json", **headers, **self.headers},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=seconds,
            )
        except kubernetes.client.ApiException as error:
            raise _error(error) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"the API server does not answer: {error}") from None
        return response


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The whole lines of a stream; what is large comes in several pieces."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole


def _error(error: Any) -> ApiError:
    try:
        status = json.loads(error.body)
        return ApiError(int(error.status), status.get("reason", ""), status["message"])
    except (TypeError, ValueError, KeyError):
        return ApiError(int(error.status or 0), str(error.reason), str(error.body or error.reason))
