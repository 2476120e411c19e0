"""Where an asset is used, over HTTP."""

from flask import Blueprint, Response

from cms.media.keeping import NO_ASSET
from cms.media.queries import asset_by_id
from cms.newsroom.asset_uses.queries import articles_using
from cms.newsroom.asset_uses.schemas import UsersShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.transactions import reading
from cms.platform.ids import is_id

asset_uses = Blueprint("asset_uses", __name__, url_prefix="/api/v1")


@asset_uses.get("/assets/<asset_id>/uses")
@endpoint(
    summary="Where an asset is used", scope="assets:read", answers={200: UsersShape}, refuses=(404,),
    description="The articles that name it, of which those that the caller may read are told.",
)  # fmt: skip
def uses(asset_id: str) -> Response:
    """Where an asset is used."""
    with reading() as session:
        if not is_id(asset_id) or asset_by_id(session, asset_id) is None:
            raise NotFound(NO_ASSET)
        shown, hidden = articles_using(session, asset_id, current_actor().grants)
        return answer({"data": shown, "hidden": hidden})
