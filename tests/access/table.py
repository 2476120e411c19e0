"""The table of access: every route × kind of credential → the status that is answered.

`docs/access.md` is made from it and `test_table.py` asks every cell; a route that is missing here fails. An article is
in the section `city/trams` and in English, and was made by somebody else than the caller except in the columns `own`.
"""

from dataclasses import dataclass

COLUMNS: dict[str, str] = {
    "none": "no credential",
    "bad": "a token with a typing mistake, an expired, a revoked one, one from an address that it may not come from; "
    "the session of a disabled colleague, a session that was ended",
    "bare": "a token with one permission that no route asks for",
    "viewer": "the role viewer",
    "viewer-in": "`viewer`, limited to the section `city`",
    "viewer-out": "`viewer`, limited to the section `sport`",
    "moderator": "the role moderator",
    "moderator-in": "`moderator`, limited to the section `city`",
    "moderator-out": "`moderator`, limited to the section `sport`",
    "author": "the role author",
    "own": "the role author, on an article that it made itself",
    "own-in": "`own`, limited to the section `city`",
    "own-out": "`own`, limited to the section `sport`",
    "translator": "the role translator",
    "translator-in": "`translator`, limited to the section `city`",
    "translator-out": "`translator`, limited to the section `sport`",
    "editor": "the role editor",
    "chief": "the role editor-in-chief",
    "chief-in": "`chief`, limited to the section `city`",
    "chief-out": "`chief`, limited to the section `sport`",
    "admin": "the role administrator",
    "inside": "the role editor, limited to the section `city`, which is above the article's",
    "outside": "the role editor, limited to the section `sport`",
    "locale": "the role editor, limited to Kazakh",
    "signed": "a session of a colleague who is an administrator and typed the password just now",
    "stale": "such a session whose password was typed eleven minutes ago",
    "signed-in": "a session of a colleague who is an editor limited to the section `city`",
    "signed-out": "a session of a colleague who is an editor limited to the section `sport`",
    "cookie": "a session of an administrator in a cookie, with its CSRF token and from our own pages",
    "cookie-bare": "such a cookie without the CSRF token, as a page of another site makes a browser send it",
    "reader": "a session of a reader, on what is the reader's own",
    "other-reader": "a session of another reader, on the same",
}

# An asterisk is the same answer for everybody: published content, pages of the installation, and the doors by
# which readers and colleagues come in, asked with a right password or, where it needs a letter, with a wrong code.
# Where a number of a delivery is asked for, there is none: 404 means that the caller was let in.
TEXT = """
                                                            none bad bare viewer viewer-in viewer-out moderator moderator-in moderator-out author own own-in own-out translator translator-in translator-out editor chief chief-in chief-out admin inside outside locale signed stale signed-in signed-out cookie cookie-bare reader other-reader
POST   /api/v1/articles                                     401  401 403  403    403       403        403       403          403           201    201 201    403     201        201           403            201    201   201      403       201   201    403     403    201    201   201       403        201    403         401    401
GET    /api/v1/articles                                     401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/releases                                     401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/schedules                                    401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/articles/<article_id>                        401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
PATCH  /api/v1/articles/<article_id>                        401  401 403  403    403       403        403       403          403           403    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/articles/<article_id>                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   204      404       204   204    404     404    204    204   204       404        204    403         401    401
POST   /api/v1/articles/<article_id>/publish                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/unpublish              401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/submit                 401  401 403  403    403       403        403       403          403           403    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/approve                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/reject                 401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/correct                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/takedown               401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   200      404       200   403    403     403    200    200   403       403        200    403         401    401
POST   /api/v1/articles/<article_id>/archive                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/unarchive              401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/articles/<article_id>/validate               401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
GET    /api/v1/trash                                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
POST   /api/v1/trash/<article_id>/restore                   401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
POST   /api/v1/releases                                     401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   201      201       201   201    201     201    201    201   201       201        201    403         401    401
PATCH  /api/v1/releases/<release_id>                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/releases/<release_id>                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   204      404       204   204    404     404    204    204   204       404        204    403         401    401
POST   /api/v1/releases/<release_id>/publish                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
PUT    /api/v1/releases/<release_id>/schedule               401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/releases/<release_id>/schedule               401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
GET    /api/v1/lists                                        401   401   403   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200         401    401
GET    /api/v1/lists/<list_id>                              401   401   403   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200   200         401    401
POST   /api/v1/lists                                        401   401   403   403   403   403   403   403   403   403   403   403   403   403   403   403   201   201   201   403   201   201   403   403   201   201   201   403   201   403         401    401
PUT    /api/v1/lists/<list_id>                              401   401   403   403   403   403   403   403   403   403   403   403   403   403   403   403   200   200   200   403   200   200   403   403   200   200   200   403   200   403         401    401
DELETE /api/v1/lists/<list_id>                              401   401   403   403   403   403   403   403   403   403   403   403   403   403   403   403   204   204   204   403   204   204   403   403   204   204   204   403   204   403         401    401
POST   /api/v1/lists/<list_id>/entries                      401   401   403   403   403   403   403   403   403   403   403   403   403   403   403   403   200   200   200   403   200   200   403   403   200   200   200   403   200   403         401    401
DELETE /api/v1/lists/<list_id>/entries/<entry_id>           401   401   403   403   403   403   403   403   403   403   403   403   403   403   403   403   200   200   200   403   200   200   403   403   200   200   200   403   200   403         401    401
PUT    /api/v1/articles/<article_id>/schedule               401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/articles/<article_id>/schedule               401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   204      404       204   204    404     404    204    204   204       404        204    403         401    401
GET    /api/v1/articles/<article_id>/revisions              401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
GET    /api/v1/articles/<article_id>/embargo                401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
GET    /api/v1/releases/<release_id>                        401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
GET    /api/v1/articles/<article_id>/schedule               401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
GET    /api/v1/articles/<article_id>/revisions/<int:number> 401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
GET    /api/v1/articles/<article_id>/revisions/<int:first>..<int:second> 401 401 403 200 200 404      200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
POST   /api/v1/articles/<article_id>/restore                401  401 403  403    403       403        403       403          403           403    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
GET    /api/v1/articles/<article_id>/lease                  401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
PUT    /api/v1/articles/<article_id>/lease                  401  401 403  403    403       403        403       403          403           403    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/articles/<article_id>/lease                  401  401 403  403    403       403        403       403          403           403    423 423    404     423        423           404            423    423   423      404       423   423    404     404    423    423   423       404        423    403         401    401
PUT    /api/v1/articles/<article_id>/translation            401  401 403  403    403       403        403       403          403           403    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    403         401    401
DELETE /api/v1/articles/<article_id>/translation            401  401 403  403    403       403        403       403          403           403    204 204    404     204        204           404            204    204   204      404       204   204    404     404    204    204   204       404        204    403         401    401
POST   /api/v1/articles/<article_id>/translate              401  401 403  403    403       403        403       403          403           201    201 201    404     201        201           404            201    201   201      404       201   201    404     404    201    201   201       404        201    403         401    401
GET    /api/v1/receipts/<receipt_id>                        401  401 403  200    200       404        200       200          404           200    200 200    404     200        200           404            200    200   200      404       200   200    404     404    200    200   200       404        200    200         401    401
POST   /api/v1/sections                                     401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   201      403       201   201    403     403    201    201   201       403        201    403         401    401
GET    /api/v1/sections                                     401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/sections/<slug>                              401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
PATCH  /api/v1/sections/<slug>                              401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   200      403       200   200    403     403    200    200   200       403        200    403         401    401
DELETE /api/v1/sections/<slug>                              401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   204      403       204   204    403     403    204    204   204       403        204    403         401    401
POST   /api/v1/tags                                         401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   201      201       201   201    201     201    201    201   201       201        201    403         401    401
GET    /api/v1/tags                                         401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/tags/<slug>                                  401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
PATCH  /api/v1/tags/<slug>                                  401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    403         401    401
DELETE /api/v1/tags/<slug>                                  401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   403      403       204   403    403     403    204    204   403       403        204    403         401    401
POST   /api/v1/tags/<slug>/merge                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    403         401    401
POST   /api/v1/people                                       401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   201      201       201   201    201     201    201    201   201       201        201    403         401    401
GET    /api/v1/people                                       401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/people/<slug>                                401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
PATCH  /api/v1/people/<slug>                                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    403         401    401
DELETE /api/v1/people/<slug>                                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   403      403       204   403    403     403    204    204   403       403        204    403         401    401
POST   /api/v1/sources                                      401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   201      201       201   201    201     201    201    201   201       201        201    403         401    401
GET    /api/v1/sources                                      401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/sources/<source_id>                          401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
PATCH  /api/v1/sources/<source_id>                          401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    403         401    401
DELETE /api/v1/sources/<source_id>                          401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   403      403       204   403    403     403    204    204   403       403        204    403         401    401
GET    /api/v1/redirects                                    401  401 403  200    403       403        200       403          403           200    200 403    403     200        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
POST   /api/v1/redirects                                    401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            201    201   403      403       201   403    403     403    201    201   403       403        201    403         401    401
GET    /api/v1/redirects/<redirect_id>                      401  401 403  200    403       403        200       403          403           200    200 403    403     200        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
DELETE /api/v1/redirects/<redirect_id>                      401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            204    204   403      403       204   403    403     403    204    204   403       403        204    403         401    401
GET    /api/v1/types                                        401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/types/<name>                                 401  401 403  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/deliveries                                   401  401 403  200    403       403        200       403          403           200    200 403    403     200        403           403            200    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
POST   /api/v1/deliveries/<int:number>/retry                401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       404   403    403     403    404    404   403       403        404    403         401    401
POST   /api/v1/deliveries/<int:number>/discard              401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       404   403    403     403    404    404   403       403        404    403         401    401
GET    /api/v1/audit                                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
GET    /api/v1/audit/export                                 401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
POST   /api/v1/tokens                                       401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    201    401   403       403        201    403         401    401
GET    /api/v1/tokens                                       401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
GET    /api/v1/tokens/<token_id>                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
POST   /api/v1/tokens/<token_id>/rotate                     401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    200    401   403       403        200    403         401    401
DELETE /api/v1/tokens/<token_id>                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       204   403    403     403    204    204   403       403        204    403         401    401
POST   /api/v1/roles                                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       201   403    403     403    201    401   403       403        201    403         401    401
GET    /api/v1/roles                                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
GET    /api/v1/roles/<name>                                 401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
PATCH  /api/v1/roles/<name>                                 401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       200   403    403     403    200    401   403       403        200    403         401    401
DELETE /api/v1/roles/<name>                                 401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       204   403    403     403    204    401   403       403        204    403         401    401
GET    /api/v1/access/explain                               401  401 200  200    200       200        200       200          200           200    200 200    200     200        200           200            200    200   200      200       200   200    200     200    200    200   200       200        200    200         401    401
GET    /api/v1/staff                                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
GET    /api/v1/staff/<staff_id>                             401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
PATCH  /api/v1/staff/<staff_id>                             401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       200   403    403     403    200    401   403       403        200    403         401    401
POST   /api/v1/staff/invitations                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       201   403    403     403    201    401   403       403        201    403         401    401
GET    /api/v1/staff/invitations                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    200   403      403       200   403    403     403    200    200   403       403        200    200         401    401
DELETE /api/v1/staff/invitations/<invitation_id>            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       204   403    403     403    204    204   403       403        204    403         401    401
POST   /api/v1/staff/me/password                            401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    204    401   204       204        204    403         401    401
GET    /api/v1/sessions                                     401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    200    200   200       200        200    200         401    401
GET    /api/v1/sessions/current                             401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    200    200   200       200        200    200         401    401
DELETE /api/v1/sessions                                     401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    204    204   204       204        204    403         401    401
DELETE /api/v1/sessions/<session_id>                        401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    204    204   204       204        204    403         401    401
POST   /api/v1/sessions/reauthenticate                      401  401 403  403    403       403        403       403          403           403    403 403    403     403        403           403            403    403   403      403       403   403    403     403    200    200   200       200        200    403         401    401
POST   /api/v1/sessions                                     201 *
POST   /api/v1/staff/invitations/<invitation_id>/accept     400 *
POST   /api/v1/staff/codes                                  202 *
POST   /api/v1/staff/password                               400 *
GET    /content/v1/articles                                 200 *
GET    /content/v1/articles/<uuid:article_id>               200 *
GET    /content/v1/articles/<locale>/<slug>                 200 *
GET    /content/v1/articles/<uuid:article_id>/related       200 *
GET    /content/v1/lists                                    200 *
GET    /content/v1/lists/<name>                             200 *
GET    /content/v1/resolve                                  200 *
GET    /content/v1/search                                   200 *
GET    /content/v1/sections                                 200 *
GET    /content/v1/tags                                     200 *
GET    /content/v1/people                                   200 *
GET    /content/v1/sections/<slug>                          200 *
GET    /content/v1/tags/<slug>                              200 *
GET    /content/v1/people/<slug>                            200 *
POST   /readers/v1/accounts                                 202 *
POST   /readers/v1/codes                                    202 *
POST   /readers/v1/codes/<challenge_id>/verify              400 *
POST   /readers/v1/password                                 400 *
POST   /readers/v1/email-changes/<challenge_id>/undo        400 *
POST   /readers/v1/sessions                                 201 *
GET    /readers/v1/sessions                                 401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         200    200
DELETE /readers/v1/sessions                                 401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         204    204
DELETE /readers/v1/sessions/<session_id>                    401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         204    404
GET    /readers/v1/me                                       401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         200    200
PATCH  /readers/v1/me                                       401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         200    200
POST   /readers/v1/me/password                              401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         204    403
POST   /readers/v1/me/email                                 401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         202    403
POST   /readers/v1/me/email/verify                          401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         400    400
POST   /readers/v1/me/export                                401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         200    200
POST   /readers/v1/me/delete                                401  401 401  401    401       401        401       401          401           401    401 401    401     401        401           401            401    401   401      401       401   401    401     401    401    401   401       401        401    401         204    403
GET    /                                                    200 *
GET    /docs                                                200 *
GET    /docs/<name>                                         200 *
GET    /openapi.json                                        200 *
GET    /livez                                               200 *
GET    /readyz                                              200 *
GET    /metrics                                             200 *
"""  # noqa: E501  # a table is read along its columns


@dataclass(frozen=True)
class Row:
    """One route with the status for each column."""

    method: str
    rule: str
    statuses: dict[str, int]
    is_for_everybody: bool


def rows() -> list[Row]:
    """The table, row by row. Raises: ValueError for a row that does not fit the columns."""
    head, *lines = TEXT.strip("\n").splitlines()
    if head.split() != list(COLUMNS):
        raise ValueError("the head of the table names other columns")
    return [_row(line.split()) for line in lines]


def _row(parts: list[str]) -> Row:
    method, rule, *statuses = parts
    if statuses[1:] == ["*"]:
        return Row(method, rule, dict.fromkeys(COLUMNS, int(statuses[0])), is_for_everybody=True)
    return Row(method, rule, dict(zip(COLUMNS, map(int, statuses), strict=True)), is_for_everybody=False)
