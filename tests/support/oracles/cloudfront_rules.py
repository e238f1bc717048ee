"""CloudFront's rules for items, written from its documentation and not from the project's code.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import string

RAW = set(string.ascii_letters + string.digits + "!$&'()*+,;:@=-_./?")


def why_unusable(item: str) -> str:
    """Return why CloudFront would refuse an item, or accept it without effect; "" for a valid item."""
    if item.startswith("#"):
        is_valid = len(item) <= 257 and all(33 <= ord(c) <= 126 and c != "," for c in item[1:]) and len(item) > 1
        return "" if is_valid else "no cache tag"
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
    """Encode a path as in a viewer's request line, by CloudFront's rules; `~` stays, as viewers write it."""
    special = {"+": plus, " ": space, "~": "~", "?": "%3F"}
    return "".join(special.get(c) or (c if c in RAW else _escaped(c)) for c in path)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def is_covered(path: str, items: set[str]) -> bool:
    """Return whether an invalidation of these items surely evicts what is cached under a path."""
    # No exact path supports a `~`, and `P*` is not trusted to evict P.
    if "~" not in path and path in items:
        return True
    return any(i.endswith("*") and path.startswith(i[:-1]) and path != i[:-1] for i in items)
