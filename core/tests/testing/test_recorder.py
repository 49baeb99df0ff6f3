from __future__ import annotations

from pybayeux import Message
from pybayeux.extensions.catalogue import core_hooks
from pybayeux.extensions.validation import implemented_hooks
from pybayeux.testing import Harness, HookRecorder, in_virtual_time


def test_every_hook_is_implemented() -> None:
    assert implemented_hooks(HookRecorder(), "recorder") == tuple(sorted(core_hooks()))


def test_every_hook_notes_its_arguments() -> None:
    recorder = HookRecorder()
    for hook, signature in core_hooks().items():
        assert getattr(recorder, hook)(*signature.arguments) is None
    assert recorder.hooks == list(core_hooks())
    assert {call.hook: tuple(call.arguments) for call in recorder.calls} == {
        hook: signature.arguments for hook, signature in core_hooks().items()
    }
    assert all(name == value for call in recorder.calls for name, value in call.arguments.items())


@in_virtual_time
async def test_calls_are_noted_in_order(bayeux_recorder: HookRecorder) -> None:
    async with Harness(bayeux_recorder) as harness:
        await harness.subscribe("/orders")
        await harness.client.publish("/orders", 1)
        await harness.settle()
    hooks = bayeux_recorder.hooks
    assert hooks[:2] == ["register_transports", "registered"]
    assert hooks[-1] == "unregistered"
    assert {"outgoing", "incoming", "delivered", "state_changed", "request", "response", "unsubscribed"} < set(hooks)
    assert bayeux_recorder.of("registered")[0]["name"] == "hook-recorder"
    [delivered] = bayeux_recorder.of("delivered")
    assert (delivered["message"].channel, delivered["message"].data) == ("/orders", 1)
    assert delivered["client"] is harness.client


def test_messages_are_noted_as_they_were() -> None:
    recorder = HookRecorder()
    message = Message(channel="/orders", data=1, ext={"a": 1})
    recorder.outgoing(message, None)  # type: ignore[attr-defined]
    message.data = 2
    message.get_ext(create=True)["a"] = 2
    assert recorder.calls[0]["message"].data == 1
    assert recorder.calls[0]["message"].ext == {"a": 1}


def test_message_that_cannot_be_copied_is_noted_all_the_same() -> None:
    recorder = HookRecorder()
    message = Message(channel="/orders", data=object())
    recorder.outgoing(message, None)  # type: ignore[attr-defined]
    assert recorder.calls[0]["message"] is message
