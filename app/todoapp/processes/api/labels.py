"""Tags and categories: two kinds of one thing, with the same routes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response, status

from todoapp.features.tasks import labels
from todoapp.features.tasks.inputs import LabelPatch, NewLabel
from todoapp.features.tasks.model import Category, Tag
from todoapp.features.tasks.view import LabelView
from todoapp.kit.paging import Page
from todoapp.processes.api.conditional import IfMatch, IfNoneMatch, tag
from todoapp.processes.api.dependencies import Changes, Reading
from todoapp.processes.api.routing import resource_router

__all__ = ["categories", "tags"]


def _router(kind: type[Tag] | type[Category], *, one: str, many: str) -> APIRouter:
    router = resource_router(f"/api/{many}", many.capitalize())
    in_path = Annotated[UUID, Path(alias=f"{one}_id")]
    path = f"/{{{one}_id}}"

    async def own_label(label_id: in_path, changes: Changes, if_match: IfMatch) -> Tag | Category:
        label = await labels.own(changes.session, kind, changes.user_id, label_id)
        if_match.check(label.version)
        return label

    own = Annotated[Tag | Category, Depends(own_label)]

    async def list_labels(reading: Reading) -> Page[LabelView]:
        found = await labels.list_all(reading.session, kind, reading.user_id)
        return Page(items=[LabelView.model_validate(label) for label in found])

    async def create_label(new: NewLabel, changes: Changes, response: Response) -> LabelView:
        label = await labels.create(changes, kind, new)
        response.headers["Location"] = f"/api/{many}/{label.id}"
        return tagged(response, label)

    async def get_label(
        label_id: in_path, reading: Reading, known: IfNoneMatch, response: Response
    ) -> LabelView:
        label = await labels.own(reading.session, kind, reading.user_id, label_id)
        known.check(label.version)
        return tagged(response, label)

    async def replace_label(label: own, new: NewLabel, changes: Changes, response: Response) -> LabelView:
        return tagged(response, await labels.update(changes, label, new))

    async def patch_label(label: own, patch: LabelPatch, changes: Changes, response: Response) -> LabelView:
        return tagged(response, await labels.update(changes, label, patch))

    async def delete_label(label: own, changes: Changes) -> None:
        await labels.delete(changes, label)

    for verb, at, handler, name, code, summary in (
        ("GET", "", list_labels, f"list_{many}", status.HTTP_200_OK, f"List your {many} by name."),
        ("POST", "", create_label, f"create_{one}", status.HTTP_201_CREATED, f"Add a {one}."),
        ("GET", path, get_label, f"get_{one}", status.HTTP_200_OK, f"Read one {one}."),
        (
            "PUT",
            path,
            replace_label,
            f"replace_{one}",
            status.HTTP_200_OK,
            f"Replace the name and colour of a {one}.",
        ),
        (
            "PATCH",
            path,
            patch_label,
            f"patch_{one}",
            status.HTTP_200_OK,
            f"Change the name or colour of a {one}.",
        ),
        (
            "DELETE",
            path,
            delete_label,
            f"delete_{one}",
            status.HTTP_204_NO_CONTENT,
            f"Delete a {one}; its tasks stay.",
        ),
    ):
        router.add_api_route(at, handler, methods=[verb], name=name, status_code=code, summary=summary)
    return router


def tagged(response: Response, label: Tag | Category) -> LabelView:
    tag(response, label.version)
    return LabelView.model_validate(label)


tags = _router(Tag, one="tag", many="tags")
categories = _router(Category, one="category", many="categories")
