"""The preferred languages of persons: those that the server does not know are accepted, and read back as `und`."""

from __future__ import annotations

import re

_UNDEFINED = "und"

#: ISO 639-1.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu "
    "fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn "
    "ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os "
    "pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw "
    "ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_KNOWN = frozenset(_CODES.split())


def stored_language(sent: str) -> str:
    """Return the language that the server stores. The emulator knows all languages of two letters, and takes any of three."""
    language = re.split("[-_]", sent.lower())[0]
    return sent if language in _KNOWN or re.fullmatch("[a-z]{3}", language) else _UNDEFINED
