"""Walks over what readers do, and what is done about their comments."""

from sqlalchemy import select

from cms.identity.codes import derive_code
from cms.identity.sessions import Client
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.readers.comments.models import Comment
from cms.readers.follows.tokens import Ending, unsubscribe_token
from cms.readers.models import Account, Challenge
from cms.readers.sessions import open_session
from cms.settings import Settings
from tests.contracts.witness import PASS_PHRASE, Witness, make_draft


def walk_reader(witness: Witness, settings: Settings, article_id: str) -> None:
    ask, right = witness.ask, {"email": "own@example.org", "password": PASS_PHRASE}
    challenge = ask("POST", "/readers/v1/accounts", 202, {**right, "locale": "en"}).json["challenge_id"]
    code = derive_code(load_keys(settings), purpose="verify_email", challenge_id=challenge, email=right["email"])
    ask("POST", f"/readers/v1/codes/{challenge}/verify", 204, {"code": code})
    ask("POST", "/readers/v1/sessions", 401, {**right, "password": "not the one that it is"})
    signed_in = [ask("POST", "/readers/v1/sessions", 201, right).json for _ in range(2)]
    mine = {"Authorization": f"Bearer {signed_in[0]['token']}"}
    ask("GET", "/readers/v1/me", 401)
    ask("GET", "/readers/v1/me", 200, **mine)
    ask("PATCH", "/readers/v1/me", 200, {"locale": "kk"}, **mine)
    ask("GET", "/readers/v1/sessions", 200, **mine)
    ask("DELETE", f"/readers/v1/sessions/{signed_in[1]['id']}", 204, **mine)
    ask("DELETE", f"/readers/v1/sessions/{signed_in[1]['id']}", 404, **mine)
    change = {"current_password": PASS_PHRASE, "new_password": "a lighthouse without a keeper"}
    _comments(witness, mine)
    ask("POST", "/readers/v1/me/password", 204, change, **mine)
    ask("POST", "/readers/v1/me/password", 403, change, **mine)
    _shelf(witness, article_id, mine)
    _follows(witness, settings, mine)
    ask("POST", "/readers/v1/me/export", 200, **mine)
    ask("DELETE", "/readers/v1/sessions", 204, **mine)
    again = ask("POST", "/readers/v1/sessions", 201, {**right, "password": change["new_password"]}).json
    _moving(witness, settings, change["new_password"], {"Authorization": f"Bearer {again['token']}"})
    again = ask("POST", "/readers/v1/sessions", 201, {**right, "password": change["new_password"]}).json
    mine = {"Authorization": f"Bearer {again['token']}"}
    ask("POST", "/readers/v1/me/delete", 204, {"password": change["new_password"]}, **mine)
    ask("GET", "/readers/v1/me", 401, **mine)


def _moving(witness: Witness, settings: Settings, password: str, mine: dict[str, str]) -> None:
    ask, keys, email = witness.ask, load_keys(settings), "moved@example.org"
    ask("POST", "/readers/v1/me/email", 403, {"email": email, "password": PASS_PHRASE}, **mine)
    asked = ask("POST", "/readers/v1/me/email", 202, {"email": email, "password": password}, **mine).json
    code = derive_code(keys, purpose="change_email", email=email, **asked)
    ask("POST", "/readers/v1/me/email/verify", 200, {**asked, "code": code}, **mine)
    ask("POST", "/readers/v1/me/email/verify", 400, {**asked, "code": code}, **mine)
    with witness.database.reading() as session:
        undo = session.scalars(select(Challenge.id).where(Challenge.purpose == "undo_email")).one()
    path = f"/readers/v1/email-changes/{undo}/undo"
    ask("POST", path, 400, {"code": code})
    code = derive_code(keys, purpose="undo_email", email="own@example.org", challenge_id=undo)
    ask("POST", path, 204, {"code": code})


def _shelf(witness: Witness, article_id: str, mine: dict[str, str]) -> None:
    ask, folders = witness.ask, "/readers/v1/bookmarks/folders"
    folder = ask("POST", folders, 201, {"name": "Later"}, **mine).json["id"]
    ask("POST", folders, 409, {"name": "LATER"}, **mine)
    ask("POST", folders, 422, {"name": " "}, **mine)
    path = f"/readers/v1/bookmarks/{article_id}"
    ask("PUT", path, 201, **mine)
    ask("PUT", path, 200, {"folder": folder}, **mine)
    ask("PUT", path, 422, {"folder": article_id}, **mine)
    ask("PUT", f"/readers/v1/bookmarks/{folder}", 404, **mine)
    ask("GET", f"/readers/v1/articles/{article_id}/state", 200, **mine)
    for query in ("", f"?folder={folder}&count=exact", "?since="):
        assert ask("GET", f"/readers/v1/bookmarks{query}", 200, **mine).json["data"][0]["article"]
    ask("GET", "/readers/v1/bookmarks?since=&count=exact", 400, **mine)
    ask("GET", folders, 200, **mine)
    ask("PATCH", f"{folders}/{folder}", 200, {"name": "Sunday"}, **mine)
    ask("DELETE", f"{folders}/{folder}", 204, **mine)
    ask("DELETE", f"{folders}/{folder}", 404, **mine)
    ask("DELETE", path, 204, **mine)
    assert not ask("GET", "/readers/v1/bookmarks?since=", 200, **mine).json["data"]


def _follows(witness: Witness, settings: Settings, mine: dict[str, str]) -> None:
    ask, path = witness.ask, "/readers/v1/follows"
    follow = ask("POST", path, 201, {"kind": "query", "query": "tram -sport"}, **mine).json["id"]
    ask("POST", path, 200, {"kind": "query", "query": "TRAM -sport", "frequency": "instant"}, **mine)
    ask("POST", path, 422, {"kind": "query", "query": "-sport"}, **mine)
    ask("GET", path, 200, **mine)
    ask("PATCH", f"{path}/{follow}", 200, {"frequency": "daily"}, **mine)
    ask("GET", "/readers/v1/me/digest", 200, **mine)
    ask("PATCH", "/readers/v1/me/digest", 200, {"hour": 6, "time_zone": "Asia/Almaty"}, **mine)
    me = ask("GET", "/readers/v1/me", 200, **mine).json["id"]
    end = f"/readers/v1/unsubscribe/{unsubscribe_token(load_keys(settings), Ending(me, follow))}"
    ask("GET", end, 200)
    ask("POST", end, 200)
    ask("POST", f"{end}x", 404)
    ask("DELETE", f"{path}/{follow}", 204, **mine)
    consents = "/readers/v1/me/consents"
    ask("PUT", f"{consents}/terms", 200, {"version": "2"}, **mine)
    ask("PUT", f"{consents}/follow-letters", 422, {"version": "2"}, **mine)
    assert len(ask("GET", consents, 200, **mine).json["data"]) == 2
    ask("DELETE", f"{consents}/terms", 204, **mine)
    ask("DELETE", f"{consents}/terms", 404, **mine)
    ask("DELETE", f"{path}/{follow}", 404, **mine)


def _comments(witness: Witness, mine: dict[str, str]) -> None:
    ask, article = witness.ask, make_draft(witness, "A tram that everybody talks about")["id"]
    ask("PUT", f"/api/v1/articles/{article}/comment-mode", 200, {"mode": "post"})
    ask("POST", f"/api/v1/articles/{article}/publish", 200, If_Match='"1"')
    post, public = f"/readers/v1/articles/{article}/comments", f"/content/v1/articles/{article}/comments"
    ask("POST", post, 422, {"text": " "}, **mine)
    first = ask("POST", post, 201, {"text": "I was on it: https://example.org/tram"}, **mine).json
    assert first["state"] == "held"
    ask("POST", post, 409, {"text": first["text"]}, **mine)
    ask("GET", "/api/v1/comments?state=held&count=exact", 200)
    ask("GET", "/api/v1/comments?state=lost", 400)
    desk = f"/api/v1/comments/{first['id']}"
    ask("POST", f"{desk}/approve", 428)
    ask("POST", f"{desk}/approve", 412, If_Match='"7"')
    ask("POST", f"{desk}/approve", 200, {"note": "A regular."}, If_Match='"1"')
    other = ask("POST", post, 201, {"text": "And so was my dog.", "parent": first["id"]}, **mine).json
    shown = ask("GET", public, 200)
    assert shown.json["data"][0]["replies"]
    ask("GET", public, 304, If_None_Match=shown.headers["ETag"])
    ask("GET", f"{public}?order=best&limit=1&count=exact", 200)
    ask("GET", f"{public}?parent={first['id']}", 200)
    ask("GET", f"{public}?parent={article}", 404)
    ask("GET", f"{public}?parent={first['id']}&order=best", 400)
    ask("PATCH", f"/readers/v1/comments/{other['id']}", 200, {"text": "And so was my cat."}, **mine)
    ask("GET", f"/readers/v1/comments?article={article}&count=exact", 200, **mine)
    ask("PUT", f"/readers/v1/comments/{first['id']}/like", 409, **mine)
    with witness.database.reading() as session:
        account = session.scalars(select(Comment.account_id).where(Comment.id == first["id"])).one()
    theirs = _second_reader(witness)
    ask("PUT", f"/readers/v1/comments/{first['id']}/like", 200, **theirs)
    ask("GET", f"/readers/v1/comments/likes?article={article}", 200, **theirs)
    ask("DELETE", f"/readers/v1/comments/{first['id']}/like", 200, **theirs)
    ask("DELETE", f"/readers/v1/comments/{first['id']}/like", 404, **theirs)
    report = {"reason": "off_topic", "note": "A cat is no tram."}
    ask("POST", f"/readers/v1/comments/{other['id']}/report", 422, {"reason": "ugly"}, **theirs)
    ask("POST", f"/readers/v1/comments/{other['id']}/report", 204, report, **theirs)
    ask("GET", f"/api/v1/comments/{other['id']}", 200)
    ask("POST", f"/api/v1/comments/{other['id']}/reject", 200, If_Match='"2"')
    ask("POST", f"/api/v1/comments/{other['id']}/spam", 200, If_Match='"3"')
    many = {"action": "approve", "comments": [{"id": other["id"], "revision": 4}, {"id": first["id"], "revision": 9}]}
    assert [one["status"] for one in ask("POST", "/api/v1/comments/decisions", 200, many).json["data"]] == [200, 412]
    ask("DELETE", f"/readers/v1/comments/{other['id']}", 204, **mine)
    ask("DELETE", f"/readers/v1/comments/{other['id']}", 404, **mine)
    ban = f"/api/v1/readers/{account}/ban"
    ask("PUT", ban, 422, {"until": "2001-01-01T00:00:00Z"})
    ask("PUT", ban, 200, {"until": "2100-01-01T00:00:00Z", "note": "Dogs."})
    ask("POST", post, 403, {"text": "Hello?"}, **mine)
    ask("GET", "/api/v1/bans?count=exact", 200)
    ask("DELETE", ban, 204)
    ask("DELETE", ban, 404)
    for place in ("comment-mode", "sections/trams/comment-mode", f"articles/{article}/comment-mode"):
        ask("PUT", f"/api/v1/{place}", 422, {"mode": "perhaps"})
        ask("PUT", f"/api/v1/{place}", 200, {"mode": "off"})
        ask("GET", f"/api/v1/{place}", 200)
    ask("POST", post, 409, {"text": "Hello?"}, **mine)
    ask("GET", "/api/v1/sections/none/comment-mode", 404)


def _second_reader(witness: Witness) -> dict[str, str]:
    """The header of another reader, whose account was made behind everybody's back."""
    account = Account(
        id=new_id(), email="second@example.org", display_name="", locale="en", created_at=now(), verified_at=now()
    )
    with witness.database.transaction() as session:
        session.add(account)
        session.flush()
        token = open_session(session, system("test"), account, Client("192.0.2.1", "a browser"), now())[1]
    return {"Authorization": f"Bearer {token}"}


def walk_sharing(witness: Witness, article_id: str) -> None:
    ask, path = witness.ask, f"/readers/v1/articles/{article_id}/share"
    ask("POST", path, 200)
    shared = ask("POST", path, 200, {"utm_source": "letter", "utm_campaign": "sunday"}).json
    ask("POST", path, 422, {"utm_source": "//other.example"})
    ask("POST", f"/readers/v1/articles/{new_id()}/share", 404)
    assert ask("GET", "/s/" + shared["short_url"].rpartition("/")[2], 302).headers["Location"] == shared["url"]
    ask("GET", "/s/none", 404)
    assert ask("GET", f"/api/v1/articles/{article_id}/audience", 200).json["shares"]["hits"] == 1
    ask("GET", f"/api/v1/articles/{new_id()}/audience", 404)
