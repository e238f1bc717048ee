"""Match the templates' filter patterns of CloudWatch Logs: equal texts, all of which must be in a JSON object.

A line that is not one JSON object matches no pattern:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

import json
import re

_EQUAL = r'\(\$\.(\w+) = "([^"\\]*)"\)'
_PATTERN = re.compile(rf"\{{ {_EQUAL}( && {_EQUAL})* \}}")


def matches(pattern: str, line: str) -> bool:
    """Return whether a filter pattern matches a line of the log."""
    assert _PATTERN.fullmatch(pattern), "another kind of pattern needs another matcher"
    try:
        document = json.loads(line)
    except ValueError:
        return False
    return isinstance(document, dict) and all(
        document.get(field) == text for field, text in re.findall(_EQUAL, pattern)
    )
