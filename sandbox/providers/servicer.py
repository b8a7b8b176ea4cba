"""The engine's resource-provider protocol over an `Api`. Knows nothing of Google or Kubernetes.

Secrets: the stand-in says that it takes none. The engine then hands it plain values, and marks in what comes back as secret
whatever was secret under the same path (a list is marked whole). The stand-in's part is to keep values out of its messages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN, _special_secret_sig, _special_sig_key

from sandbox.providers.api import GRANTED_SECONDS, Api, Properties, ServedApi, UnfinishedError
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.property_diff import carried_over, changed_paths, covered_by, touches
from sandbox.providers.provider_schema import provider_schema

KIND = provider_pb2.PropertyDiff
HOW = {
    ("add", False): KIND.ADD,
    ("add", True): KIND.ADD_REPLACE,
    ("update", False): KIND.UPDATE,
    ("update", True): KIND.UPDATE_REPLACE,
    ("delete", False): KIND.DELETE,
    ("delete", True): KIND.DELETE_REPLACE,
}


def to_dict(struct: struct_pb2.Struct) -> Properties:
    """Plain data of a message's properties; whole numbers come back as integers."""
    return _whole(json_format.MessageToDict(struct))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """Properties as a message carries them."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def without_secrets(value: Any) -> Any:
    """The same with plain values for those that are marked as secret, as a provider's configuration comes."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return without_secrets(value.get("value"))
        return {key: without_secrets(member) for key, member in value.items()}
    return [without_secrets(member) for member in value] if isinstance(value, list) else value


def has_unknown(value: Any) -> bool:
    """True when a value or anything inside it is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(member) for member in value.values())
    if isinstance(value, list):
        return any(has_unknown(member) for member in value)
    return value == UNKNOWN


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """One provider over one API."""

    def __init__(self, api: Api, cloud: Cloud, version: str, package: str = "") -> None:
        self.api = api
        self.cloud = cloud
        self.version = version
        self.package = package
        self.cancelled = api.cancelled if isinstance(api, ServedApi) else threading.Event()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=provider_schema(self.package, self.version))

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self.cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        old, new = without_secrets(to_dict(request.old_inputs)), without_secrets(to_dict(request.news))
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=changed, replaces=self.api.moved(old, new)
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        arguments = to_dict(request.args)
        variables = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        self.api.configure({**variables, **{key: str(value) for key, value in arguments.items()}})
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, name = _token_and_name(request.urn)
        inputs = to_dict(request.news)
        refused = self.api.check(token, name, inputs, to_dict(request.olds), request.randomSeed)
        # the engine would print the value of a named property, also of a secret one; so the path stands in the reason only
        failures = [provider_pb2.CheckFailure(reason=f"{path}: {why}" if path else why) for path, why in refused]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, _ = _token_and_name(request.urn)
        old, new = to_dict(request.old_inputs), to_dict(request.news)
        replacement = self.api.replacement(token, old, new)
        if isinstance(self.api, ServedApi):
            old, new = self.api.compared(token, old, to_dict(request.olds), new)
        detailed: dict[str, provider_pb2.PropertyDiff] = {}
        replaces: list[str] = []
        for path, how, before, after in changed_paths(old, new):
            if path.startswith("__") or covered_by(path, request.ignoreChanges):
                continue
            replace = touches(path, (before, after), replacement.paths)
            detailed[path] = KIND(kind=HOW[how, replace], inputDiff=True)
            if replace:
                replaces.append(path)
        changes = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes,
            diffs=sorted({path.partition(".")[0].partition("[")[0] for path in detailed}),
            replaces=replaces,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and replacement.delete_first,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, name = _token_and_name(request.urn)
        inputs = to_dict(request.properties)

        def create() -> Any:
            if request.preview:
                return provider_pb2.CreateResponse(properties=to_struct(self.api.preview(token, inputs)))
            self._fault(name)
            GRANTED_SECONDS.set(request.timeout)
            resource_id, outputs = self.api.create(token, inputs)
            return provider_pb2.CreateResponse(id=resource_id, properties=to_struct(outputs))

        return self._answer(context, create)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, name = _token_and_name(request.urn)
        inputs, old = to_dict(request.news), to_dict(request.olds)

        def update() -> Any:
            if request.preview:
                if isinstance(self.api, ServedApi):
                    self.api.try_update(token, request.id, inputs)
                outputs = carried_over(old, to_dict(request.old_inputs), inputs)
                return provider_pb2.UpdateResponse(properties=to_struct(outputs))
            self._fault(name)
            GRANTED_SECONDS.set(request.timeout)
            outputs = self.api.update(token, request.id, inputs, old)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

        return self._answer(context, update)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, _ = _token_and_name(request.urn)

        def read() -> Any:
            inputs = to_dict(request.inputs)
            if isinstance(self.api, ServedApi) and inputs:
                found = self.api.refreshed(token, request.id, inputs)
            else:
                found = self.api.read(token, request.id)
            if found is None:
                return provider_pb2.ReadResponse()
            inputs, outputs = found
            return provider_pb2.ReadResponse(id=request.id, inputs=to_struct(inputs), properties=to_struct(outputs))

        return self._answer(context, read)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        token, name = _token_and_name(request.urn)

        def delete() -> Any:
            self._fault(name)
            GRANTED_SECONDS.set(request.timeout)
            self.api.delete(token, request.id)
            return empty_pb2.Empty()

        return self._answer(context, delete)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        def invoke() -> Any:
            answer = self.api.invoke(request.tok, to_dict(request.args))
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(to_struct(answer))  # the field's name is a word of Python's own
            return response

        return self._answer(context, invoke)

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED, f"the sandbox cannot render {request.type}: only the real provider can"
        )

    def _fault(self, name: str) -> None:
        """The fault that a test has set for this resource; nothing has been done when it strikes."""
        fault = self.cloud.fault(name)
        if fault == "fail":
            raise CloudError(f"Error 503: the backend is unavailable (a fault set for '{name}')")
        if fault == "hang":
            self.cancelled.wait()
            raise CloudError(f"cancelled while waiting for '{name}'")

    @staticmethod
    def _answer(context: grpc.ServicerContext, work: Callable[[], Any]) -> Any:
        """The work's answer, or its refusal as an error that the engine shows as it is."""
        try:
            return work()
        except CloudError as error:
            if isinstance(error, UnfinishedError):
                context.set_trailing_metadata((("grpc-status-details-bin", _unfinished(error)),))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise


def _unfinished(error: UnfinishedError) -> bytes:
    """The details with which the engine keeps a resource that is there and not ready."""
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id, properties=to_struct(error.outputs), reasons=[str(error)]
        )
    )
    return status.SerializeToString()


def _token_and_name(urn: str) -> tuple[str, str]:
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2], parts[3]
