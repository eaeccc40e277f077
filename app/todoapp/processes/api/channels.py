"""Channels: where a person is told of reminders, beside the application itself."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import SecretStr

from todoapp.features.accounts.sessions import require_fresh
from todoapp.features.channels import service
from todoapp.features.channels.courier import Courier
from todoapp.features.channels.inputs import ChannelPatch, NewChannel
from todoapp.features.channels.model import Channel
from todoapp.features.channels.service import Address
from todoapp.features.channels.view import ChannelView
from todoapp.features.notifications.service import tell_of_credential, try_channel
from todoapp.features.notifications.view import NotificationView
from todoapp.kit.paging import Page
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import (
    Changes,
    CurrentIdentity,
    CurrentRuntime,
    FreshSession,
    Now,
    Reading,
    require_session,
)
from todoapp.processes.api.routing import resource_router
from todoapp.processes.runtime import Runtime

__all__ = ["router"]

router = resource_router("/api/channels", "Channels")

LED_ELSEWHERE = "A channel got another URL."


# URLs are checked before the transaction begins: that takes as long as a process takes to start.
async def _new_address(
    new: NewChannel, _user: FreshSession, request: Request, runtime: CurrentRuntime
) -> Address:
    return await _address(request, runtime, new.url)


async def _other_address(
    patch: ChannelPatch, identity: CurrentIdentity, now: Now, request: Request, runtime: CurrentRuntime
) -> Address | None:
    if "url" not in patch.model_fields_set:
        return None
    async with runtime.database.read() as session:
        await require_fresh(session, require_session(identity), now=now)
    return await _address(request, runtime, patch.url)


async def _address(request: Request, runtime: Runtime, url: SecretStr) -> Address:
    courier: Courier = request.app.state.courier
    kind = await courier.check(url.get_secret_value())
    return Address(kind, runtime.seal.close(url.get_secret_value()))


NewAddress = Annotated[Address, Depends(_new_address)]
OtherAddress = Annotated[Address | None, Depends(_other_address)]


async def _own(channel_id: UUID, changes: Changes, if_match: IfMatch) -> Channel:
    channel = await service.own(changes.session, changes.user_id, channel_id)
    if_match.check(channel.version)
    return channel


Own = Annotated[Channel, Depends(_own)]


@router.get("")
async def list_channels(reading: Reading) -> Page[ChannelView]:
    """List your channels, oldest first. Their URLs are not shown."""
    found = await service.list_all(reading.session, reading.user_id)
    return Page(items=[ChannelView.model_validate(channel) for channel in found])


@router.post("", status_code=HTTPStatus.CREATED)
async def create_channel(
    new: NewChannel, address: NewAddress, changes: Changes, response: Response
) -> ChannelView:
    """Add a channel: e-mail, ntfy, Slack or another service, by its Apprise URL.

    It takes a log-in of the last five minutes. https://github.com/caronc/apprise/wiki shows the URLs.
    Nothing is sent until there is a notification, or you try the channel.
    """
    await tell_of_credential(changes, "A channel was made.")
    channel = await service.create(changes, new.name, address)
    response.headers["Location"] = f"/api/channels/{channel.id}"
    return _tagged(response, channel)


@router.get("/{channel_id}")
async def get_channel(
    channel_id: UUID, reading: Reading, known: IfNoneMatch, response: Response
) -> ChannelView:
    """Read one channel, without its URL."""
    channel = await service.own(reading.session, reading.user_id, channel_id)
    known.check(channel.version)
    return _tagged(response, channel)


@router.put("/{channel_id}")
async def replace_channel(
    new: NewChannel, address: NewAddress, channel: Own, changes: Changes, response: Response
) -> ChannelView:
    """Replace the name and the URL of a channel. It takes a log-in of the last five minutes."""
    await tell_of_credential(changes, LED_ELSEWHERE)
    service.update(changes, channel, new.name, address)
    return _tagged(response, channel)


@router.patch("/{channel_id}")
async def patch_channel(
    patch: ChannelPatch, address: OtherAddress, channel: Own, changes: Changes, response: Response
) -> ChannelView:
    """Change the name or the URL of a channel. Another URL takes a log-in of the last five minutes."""
    if address is not None:
        await tell_of_credential(changes, LED_ELSEWHERE)
    name = patch.name if "name" in patch.model_fields_set else channel.name
    service.update(changes, channel, name, address)
    return _tagged(response, channel)


@router.delete("/{channel_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_channel(channel: Own, changes: Changes) -> None:
    """Delete a channel; what still waits for it is not sent."""
    await service.delete(changes, channel)


@router.post("/{channel_id}/test", status_code=HTTPStatus.ACCEPTED, responses={HTTPStatus.CONFLICT: {}})
async def test_channel(channel: Own, changes: Changes) -> NotificationView:
    """Send a test message through a channel, once; also through one that is paused.

    The notification in the answer says by its `deliveries` how that goes; it changes within seconds.
    """
    return NotificationView.model_validate(await try_channel(changes, channel))


def _tagged(response: Response, channel: Channel) -> ChannelView:
    tag(response, channel.version)
    return ChannelView.model_validate(channel)
