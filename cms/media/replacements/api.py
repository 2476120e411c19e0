"""Replacing files over HTTP, and what an asset had before."""

from flask import Blueprint, Response

from cms.media.api import asset_answer, asset_key, found, kept, media_parts, sent
from cms.media.keeping import refuse_change
from cms.media.queries import asset_by_id
from cms.media.replacements.queries import replacements_of
from cms.media.replacements.replacing import refuse_known, replace_file
from cms.media.replacements.rules import ReplaceFile
from cms.media.replacements.schemas import ReplacementsShape, ReplacingShape
from cms.media.rules import READ, WRITE
from cms.media.schemas import WholeAssetShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.http.uploads import boundary_of_form

replacements = Blueprint("replacements", __name__, url_prefix="/api/v1")
REPLACING = ReplacingShape()


@replacements.put("/assets/<asset_id>/file")
@endpoint(
    summary="Replace the file of an asset", scope=WRITE, upload=REPLACING, needs_revision=True,
    answers={200: WholeAssetShape}, refuses=(409, 507),
    description="A form with the part `file`, as for sending one. The id stays, and so do texts, rights and all that "
    "names the asset: articles that show it get the new file as soon as it is ready for readers, and the old one "
    "until then. It has to be of the same kind, and no other asset may have its content (409, `content_known`). Of "
    "what others sent, this needs `assets:write_any` without a limit.",
)  # fmt: skip
def replace(asset_id: str, revision: int) -> Response:
    """Whoever may not replace it is refused before anything of the file is read."""
    boundary_of_form()
    key = asset_key(asset_id)
    with reading() as session:
        refuse_change(current_actor(), asset_by_id(session, key), revision)
    with sent(REPLACING) as upload:
        with reading() as session:
            refuse_known(session, key, upload.sha256)
        command, parts = ReplaceFile(key, revision, kept(upload)), services()
        quota, store = parts.settings.media_quota_bytes, media_parts().store
        with transaction() as session:
            asset = replace_file(session, current_actor(), store, command, parts.clock(), quota_bytes=quota)
            return asset_answer(session, asset)


@replacements.get("/assets/<asset_id>/replacements")
@endpoint(
    summary="Which files an asset had before", scope=READ, answers={200: ReplacementsShape}, refuses=(404,),
    description="Who replaced what and when. The files themselves are gone.",
)  # fmt: skip
def former_files(asset_id: str) -> Response:
    """The latest first."""
    with reading() as session:
        asset = found(asset_by_id, session, asset_id)
        return answer({"data": replacements_of(session, asset.id)})
