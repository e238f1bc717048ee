"""A page of few files, in place of the package's own."""

from pathlib import Path

SCRIPT = 'document.title = "</script><!--";'

INDEX = """\
<!doctype html>
<html lang="en">
<head>
<title>purgemap</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
</head>
<body>
<main></main>
<script src="/page/model.js"></script>
<script src="/page/app.js" defer></script>
</body>
</html>
"""


def write_page(folder: Path) -> Path:
    folder.mkdir()
    (folder / "index.html").write_text(INDEX)
    (folder / "style.css").write_text("main { color: green }\n")
    (folder / "model.js").write_text('const pattern = /\\d+\\1/g, arrow = "\\u003c";\n')
    (folder / "app.js").write_text(SCRIPT)
    (folder / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "notes.txt").write_text("not a file of the page")
    return folder
