"""CloudFront's own rules for items, written from its documentation and not from the project's code."""

import string

RAW = set(string.ascii_letters + string.digits + "!$&'()*+,;:@=-_./?")


def why_unusable(item: str) -> str:
    """Say why CloudFront would refuse an item, or take it and do nothing; "" for a good one."""
    if item.startswith("#"):
        good = len(item) <= 257 and all(33 <= ord(c) <= 126 and c != "," for c in item[1:]) and len(item) > 1
        return "" if good else "no cache tag"
    if not item.startswith("/"):
        return "no leading slash"
    if len(item) > 4_000:
        return "over 4,000 characters"
    return _why_badly_encoded(item)


def _why_badly_encoded(item: str) -> str:
    position = 0
    while position < len(item):
        if item[position] == "%":
            escape = item[position + 1 : position + 3]
            if len(escape) < 2 or not all(c in string.hexdigits for c in escape):
                return f"a cut escape at {position}"
            encoded = chr(int(escape, 16))
            if encoded == "~" or (encoded in RAW and encoded not in "+?*"):
                return f"encodes {encoded!r}"
            position += 3
            continue
        if item[position] not in RAW:
            return f"raw {item[position]!r}"
        position += 1
    return ""


def spell(path: str, *, plus: str = "+", space: str = "%20") -> str:
    """Spell a path as a viewer's request line has it, in CloudFront's encoding; `~` stays, as viewers write it."""
    known = {"+": plus, " ": space, "~": "~", "?": "%3F"}
    return "".join(known.get(c) or (c if c in RAW else _escaped(c)) for c in path)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def is_covered(spelling: str, items: set[str]) -> bool:
    """Whether an invalidation of these items evicts what is cached under a spelling, read with caution.

    A `~` is supported by no exact path, and `P*` is not trusted to evict P.
    """
    if "~" not in spelling and spelling in items:
        return True
    return any(i.endswith("*") and spelling.startswith(i[:-1]) and spelling != i[:-1] for i in items)
