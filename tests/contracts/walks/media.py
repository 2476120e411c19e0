"""What the walk over every route asks of assets."""

from dataclasses import replace

from cms.settings import Settings
from tests.contracts.witness import Witness
from tests.draining import drain
from tests.media.drawing import form, picture
from tests.media.sounding import VTT, mp3


def walk_assets(witness: Witness, settings: Settings) -> None:
    ask = witness.ask
    made = ask("POST", "/api/v1/assets", 201, form(picture(), "quay.jpg", alt={"en": "A quay"})).json
    ask("POST", "/api/v1/assets", 200, form(picture()))
    ask("POST", "/api/v1/assets", 415, {"name": "no form"})
    ask("POST", "/api/v1/assets", 415, form(b"no picture"))
    ask("POST", "/api/v1/assets", 422, form(picture(seed=2), colour="red"))
    path = f"/api/v1/assets/{made['id']}"
    ask("GET", "/api/v1/assets?q=quay&count=exact", 200)
    ask("GET", "/api/v1/assets?colour=red", 400)
    ask("GET", path, 200)
    ask("PUT", f"{path}/file", 415, form(b"no picture"), If_Match='"1"')
    ask("PUT", f"{path}/file", 428, form(picture(seed=3)))
    known = ask("POST", "/api/v1/assets", 201, form(picture(seed=4))).json["id"]
    ask("PUT", f"{path}/file", 409, form(picture(seed=4)), If_Match='"1"')
    ask("PUT", f"/api/v1/assets/{known}/file", 200, form(picture(seed=5)), If_Match='"1"')
    ask("GET", f"/api/v1/assets/{known}/replacements", 200)
    ask("GET", "/api/v1/assets/none/replacements", 404)
    ask("GET", "/api/v1/assets/none", 404)
    ask("GET", f"{path}/original", 200)
    ask("GET", f"{path}/uses", 200)
    ask("GET", "/api/v1/assets/none/uses", 404)
    body = {"title": "A quay", "locale": "en", "body": f"![](asset:{made['id']})"}
    article = ask("POST", "/api/v1/articles", 201, body).json["id"]
    ask("POST", f"/api/v1/articles/{article}/publish", 200, If_Match='"1"')
    ask("GET", f"{path}/uses", 200)
    drain(replace(settings, media_presets="natural=40"), witness.database)
    shown = ask("GET", path, 200).json["renditions"][0]["preview_url"]
    tag = ask("GET", shown, 200).headers["ETag"]
    ask("GET", shown, 206, Range="bytes=0-9")
    ask("GET", shown, 304, If_None_Match=tag)
    ask("GET", shown, 416, Range="bytes=999999-")
    ask("GET", "/media/none.jpg", 404)
    ask("GET", ask("GET", path, 200).json["on_demand"][0]["url"], 302)
    ask("GET", f"/media/{made['id']}/social-1200.jpg", 404)
    talk = ask("POST", "/api/v1/assets", 201, form(mp3(), "talk.mp3")).json
    track = {"of": talk["id"], "kind": "captions", "locale": "en"}
    words = ask("POST", "/api/v1/assets", 201, form(VTT, "talk.vtt", track=track)).json
    ask("POST", "/api/v1/assets", 422, form(mp3(1)[:90]))
    ask("GET", f"/api/v1/assets/{talk['id']}", 200)
    ask("PATCH", f"/api/v1/assets/{words['id']}", 200, {"track": {"locale": "kk"}}, If_Match='"1"')
    ask("GET", talk["file"]["preview_url"], 200)
    played = ask("POST", "/api/v1/articles", 201, {"title": "Talk", "locale": "en", "body": f"![](asset:{talk['id']})"})
    ask("POST", f"/api/v1/articles/{played.json['id']}/publish", 200, If_Match='"1"')
    assert ask("GET", f"/content/v1/articles/{played.json['id']}", 200).json["attachments"][0]["tracks"]
    assert ask("GET", f"/content/v1/articles/{article}", 200).json["images"][0]["srcset"]
    ask("DELETE", path, 409, If_Match='"1"')
    ask("PATCH", f"/api/v1/articles/{article}", 200, {"body": "None."}, If_Match='"2"')
    ask("POST", f"/api/v1/articles/{article}/publish", 200, If_Match='"3"')
    ask("PATCH", path, 200, {"credit": "Ines Okafor", "use_until": "2030-01-01T00:00:00Z"}, If_Match='"1"')
    ask("PATCH", path, 412, {"credit": "Nobody"}, If_Match='"1"')
    ask("PATCH", path, 422, {"focal_point": [2, 2]}, If_Match='"2"')
    ask("DELETE", path, 428)
    ask("DELETE", path, 204, If_Match='"2"')
