"""What a reader does with articles: collect, share, comment, follow. Every act is a form that works without script."""

from accounts import back_to, keep_private, refuse_other_sites, refused, send, signed_in, to_account, wants_json
from asking import Problem
from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from pages import add_locale, page_of, read, take_locale

acting = Blueprint("acting", __name__)
acting.url_value_preprocessor(take_locale)
acting.url_defaults(add_locale)
acting.before_request(refuse_other_sites)
acting.after_request(keep_private)


def of_article(slug):
    """The article that a form is about."""
    return read(f"/articles/{g.locale}/{slug}", fields="id,url,title", body="none")


def back(document, said, anchor=""):
    """To the article, with a sentence."""
    return redirect(f"{page_of(document)}?said={said}{anchor}", 303)


@acting.post("/<locale>/articles/<slug>/collect")
@signed_in
def collect(slug):
    """Keep an article, or keep it no more."""
    document = of_article(slug)
    is_kept = request.form.get("do") != "remove"
    try:
        send("PUT" if is_kept else "DELETE", f"/bookmarks/{document['id']}")
    except Problem as problem:
        return refused(problem, page_of(document))
    if wants_json():
        return jsonify({"is_kept": is_kept, "said": g.words["said_collected" if is_kept else "said_removed"]})
    if request.form.get("from") == "account":
        return to_account("account", "removed")
    return back(document, "collected" if is_kept else "removed")


@acting.post("/<locale>/articles/<slug>/share")
def share(slug):
    """A short link to send to others."""
    document = of_article(slug)
    links = send("POST", f"/articles/{document['id']}/share", {"utm_source": "share"})
    if wants_json():
        return jsonify(links)
    return render_template("share.html", article=document, links=links)


@acting.post("/<locale>/articles/<slug>/comments")
@signed_in
def comment(slug):
    """Say something about an article, or reply to somebody."""
    document = of_article(slug)
    body = {
        "text": request.form.get("text", ""),
        **({"parent": parent} if (parent := request.form.get("parent")) else {}),
    }
    try:
        made = send("POST", f"/articles/{document['id']}/comments", body)
    except Problem as problem:
        return refused(problem, page_of(document))
    return back(document, "commented" if made["state"] == "approved" else "held", "#comments")


@acting.post("/<locale>/articles/<slug>/comments/<uuid:comment_id>/<any(like, unlike, report):act>")
@signed_in
def react(slug, comment_id, act):
    """Like or report what somebody else said."""
    document = of_article(slug)
    try:
        if act == "report":
            send("POST", f"/comments/{comment_id}/report", {"reason": "other"})
        else:
            send("PUT" if act == "like" else "DELETE", f"/comments/{comment_id}/like")
    except Problem as problem:
        return refused(problem, page_of(document))
    return back(document, "reported" if act == "report" else "saved", "#comments")


@acting.post("/<locale>/account/comments/<uuid:comment_id>")
@signed_in
def change_comment(comment_id):
    """Change a comment of one's own, or take it back."""
    try:
        if request.form.get("do") == "delete":
            send("DELETE", f"/comments/{comment_id}")
        else:
            send("PATCH", f"/comments/{comment_id}", {"text": request.form.get("text", "")})
    except Problem as problem:
        return refused(problem, url_for("accounts.account"))
    return to_account("account", "saved")


@acting.post("/<locale>/account/follows")
@signed_in
def follow():
    """Follow a section, a tag, an author or a search."""
    kind = request.form.get("kind", "")
    what = {"query": request.form.get("query", "")} if kind == "query" else {"slug": request.form.get("slug", "")}
    try:
        send("POST", "/follows", {"kind": kind, **what, "locale": g.locale, "frequency": "daily"})
    except Problem as problem:
        return refused(problem, back_to(request.referrer) or url_for("pages.front"))
    return to_account("account", "following")


@acting.post("/<locale>/account/follows/<uuid:follow_id>")
@signed_in
def change_follow(follow_id):
    """How often letters come, or the end of a follow."""
    try:
        if request.form.get("do") == "delete":
            send("DELETE", f"/follows/{follow_id}")
        else:
            send("PATCH", f"/follows/{follow_id}", {"frequency": request.form.get("frequency", "daily")})
    except Problem as problem:
        return refused(problem, url_for("accounts.account"))
    return to_account("account", "saved")
