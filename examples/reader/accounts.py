"""A reader's account: register, codes, sign in, password, and all that is the reader's own on one page."""

from functools import wraps
from urllib.parse import urlsplit

from asking import Problem
from flask import Blueprint, abort, g, jsonify, make_response, redirect, render_template, request, url_for
from pages import add_locale, api, take_locale
from words import said_by

accounts = Blueprint("accounts", __name__)
accounts.url_value_preprocessor(take_locale)
accounts.url_defaults(add_locale)

COOKIE = "reader"
COOLDOWN_SECONDS = 60
THIRTY_DAYS = 30 * 24 * 3600


def typed(name):
    """What was typed into a field, without the spaces around it."""
    return request.form.get(name, "").strip()


def token():
    """The reader's token: nothing but the API knows what it stands for."""
    return request.cookies.get(COOKIE)


def send(method, path, body=None):
    """Change something in the reader's name. Raises: Problem."""
    return api().send(method, f"/readers/v1{path}", body, token=token(), client=request.remote_addr)


def own(path, **query):
    """Read what is the reader's own. Raises: Problem."""
    return api().get(f"/readers/v1{path}", token=token(), client=request.remote_addr, **query)


@accounts.before_request
def refuse_other_sites():
    """A form of another site is refused; browsers say where a request comes from, and the cookie is not sent there."""
    if request.method == "POST":
        came_from = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin")
        if came_from not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != request.host):
            abort(403)


@accounts.after_request
def keep_private(response):
    """Nothing here is for a cache that others share."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def signed_in(view):
    """Send whoever is not signed in there first."""

    @wraps(view)
    def guarded(**values):
        if not token():
            return redirect(url_for("accounts.sign_in", next=back_to(request.referrer)), 303)
        try:
            return view(**values)
        except Problem as problem:
            if problem.status != 401:
                raise
            answer = redirect(url_for("accounts.sign_in", next=back_to(request.referrer)), 303)
            answer.delete_cookie(COOKIE)
            return answer

    return guarded


def back_to(address):
    """The path of an address of this site, or None: nobody is sent elsewhere."""
    place = urlsplit(address or "")
    is_here = (
        place.netloc in ("", request.host) and place.path.startswith("/") and not place.path.startswith(("//", "/\\"))
    )
    return place.path if is_here else None


def to_account(name, said=None, **values):
    """Go on to one of the pages of the account."""
    return redirect(url_for(f"accounts.{name}", said=said, **values), 303)


def wants_json():
    """Whether the page's script asks, which goes on by itself."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def shown_again(template, problem, **values):
    """The form once more with what was refused; the password has to be typed again."""
    sentence, field = said_by(problem, g.locale)
    kept = {name: text for name, text in request.form.items() if "password" not in name}
    page = render_template(template, form=kept, wrong=sentence, wrong_field=field, **values)
    return page, problem.status if problem.status < 500 else 503


@accounts.route("/<locale>/account/sign-up", methods=["GET", "POST"])
def sign_up():
    """Register: a code goes to the address."""
    if request.method == "GET":
        return render_template("sign_up.html", form={})
    wanted = {name: typed(name) for name in ("email", "display_name")}
    body = {
        **{name: text for name, text in wanted.items() if text},
        "password": request.form.get("password", ""),
        "locale": g.locale,
    }
    try:
        challenge = send("POST", "/accounts", body)["challenge_id"]
    except Problem as problem:
        return shown_again("sign_up.html", problem)
    return render_template("prove.html", form={"email": wanted["email"]}, challenge=challenge, sent=True)


@accounts.route("/<locale>/account/code", methods=["GET", "POST"])
def prove():
    """Give the code that came by mail, or ask for another one."""
    challenge = request.form.get("challenge_id") or None
    if request.method == "GET":
        return render_template("prove.html", form={}, challenge=None, sent=False)
    if request.form.get("do") == "ask":
        return ask_for_code("verify_email", "prove.html", challenge)
    try:
        send("POST", f"/codes/{challenge}/verify", {"code": typed("code")})
    except Problem as problem:
        return shown_again("prove.html", problem, challenge=challenge, sent=False)
    return to_account("sign_in", "proven")


@accounts.route("/<locale>/account/password", methods=["GET", "POST"])
def retrieve_password():
    """Retrieve a password: ask for a code and set a new password by it, on one page."""
    challenge = request.form.get("challenge_id") or None
    if request.method == "GET":
        return render_template("password.html", form={}, challenge=None, sent=False)
    if request.form.get("do") == "ask":
        return ask_for_code("reset_password", "password.html", None)
    given = {
        "challenge_id": challenge,
        "code": typed("code"),
        "new_password": request.form.get("new_password", ""),
    }
    try:
        send("POST", "/password", given)
    except Problem as problem:
        return shown_again("password.html", problem, challenge=challenge, sent=False)
    return to_account("sign_in", "password_set")


def ask_for_code(purpose, template, challenge):
    """A code by mail. The answer is the same whether the address is known."""
    wanted = {
        "purpose": purpose,
        "email": typed("email"),
        **({"challenge_id": challenge} if challenge else {}),
    }
    try:
        challenge = send("POST", "/codes", wanted)["challenge_id"]
    except Problem as problem:
        if wants_json():
            return jsonify({"wrong": said_by(problem, g.locale)[0]}), problem.status
        return shown_again(template, problem, challenge=challenge, sent=False)
    if wants_json():
        return jsonify({"challenge_id": challenge, "said": g.words["said_code_sent"], "seconds": COOLDOWN_SECONDS})
    kept = {name: text for name, text in request.form.items() if "password" not in name}
    return render_template(template, form=kept, challenge=challenge, sent=True)


@accounts.get("/code")
def code_from_letter():
    """Where links in letters lead; what stands behind the # is read by the script alone."""
    return render_template("prove.html", form={}, challenge=None, sent=False)


@accounts.route("/<locale>/account/sign-in", methods=["GET", "POST"])
def sign_in():
    """Sign in; the API's token becomes a cookie that no script reads."""
    if request.method == "GET":
        return render_template("sign_in.html", form={}, next=request.args.get("next"))
    after = back_to(request.form.get("next")) or url_for("accounts.account")
    try:
        given = send(
            "POST",
            "/sessions",
            {"email": typed("email"), "password": request.form.get("password", "")},
        )
    except Problem as problem:
        return shown_again("sign_in.html", problem, next=request.form.get("next"))
    answer = make_response(redirect(after, 303))
    answer.set_cookie(
        COOKIE, given["token"], max_age=THIRTY_DAYS, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return answer


@accounts.post("/<locale>/account/sign-out")
def sign_out():
    """End this session, here and in the API."""
    try:
        current = next((one["id"] for one in own("/sessions")["data"] if one["is_current"]), None)
        if current:
            send("DELETE", f"/sessions/{current}")
    except Problem as problem:
        if problem.status != 401:
            raise
    answer = to_account("sign_in", "signed_out")
    answer.delete_cookie(COOKIE)
    return answer


@accounts.get("/<locale>/account")
@signed_in
def account():
    """Everything of the reader on one page."""
    comments = own("/comments", limit=20, cursor=request.args.get("comments"))
    return render_template(
        "account.html", profile=own("/me"), follows=own("/follows")["data"], comments=comments,
        bookmarks=own("/bookmarks", limit=20, cursor=request.args.get("bookmarks")),
        commented=cards_of({one["article"] for one in comments["data"]}),
    )  # fmt: skip


def cards_of(ids):
    """Title and address of articles by their ids, of those that readers see."""
    if not ids:
        return {}
    asked = {"ids": ",".join(sorted(ids)), "fields": "id,title,url", "limit": len(ids)}
    return {card["id"]: card for card in api().get("/content/v1/articles", client=request.remote_addr, **asked)["data"]}


@accounts.post("/<locale>/account/settings")
@signed_in
def change_settings():
    """The name beside comments and the language of letters."""
    name = typed("display_name")
    try:
        send(
            "PATCH",
            "/me",
            {"locale": request.form.get("language", g.locale), **({"display_name": name} if name else {})},
        )
    except Problem as problem:
        return refused(problem, url_for("accounts.account"))
    return to_account("account", "saved")


def refused(problem, way_back):
    """A page that says what was refused, and leads back."""
    if problem.status == 401:
        raise problem
    sentence, _ = said_by(problem, g.locale)
    return render_template("refused.html", sentence=sentence, way_back=way_back), problem.status
