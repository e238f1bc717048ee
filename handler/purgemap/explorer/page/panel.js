"use strict";
// The routes behind a row, with their options; and the whole map as a table, for screen readers and for those who
// would rather read than look.
(function () {
  const { element, data, count, byId, facts, dataList, table } = purgemap;

  // More cards are slow to draw and to read; the filter finds the others.
  const MAX_CARDS = 40;
  const MAX_OPTIONS = 12;
  const NOT_OPTIONS = new Set(["source", "destination", "route", "prefix", "file", "line"]);

  function sourceText(row) {
    return `s3://${row.bucket}/${row.prefix}`;
  }

  function destinationLabel(row) {
    return row.name ? [data(row.name), " ", data(row.distribution, "muted")] : [data(row.distribution)];
  }

  // A compiled map has no lines.
  function location(edge) {
    return edge.file ? data(`${edge.file}:${edge.line}`) : null;
  }

  // Options by their name in the map. A list that is empty and a switch that is off say nothing.
  function optionFacts(edge) {
    return Object.entries(edge)
      .filter(([name, value]) => !NOT_OPTIONS.has(name) && value && value.length !== 0)
      .map(([name, value]) => [element("code", null, name), optionValue(value)]);
  }

  function optionValue(value) {
    return Array.isArray(value)
      ? dataList(value.map(String), MAX_OPTIONS, "options")
      : value === true
        ? "yes"
        : data(String(value));
  }

  function jumpButton(row, label, handlers) {
    const button = element("button", { type: "button", class: "link" }, ...label);
    button.addEventListener("click", () => handlers.reveal(row));
    return button;
  }

  // Other rows of a wide fan share a route, so a card names the row at the edge's other end.
  function card(pair, edge, selected, handlers) {
    const isSource = selected === pair.source;
    const other = isSource ? pair.destination : pair.source;
    const label = isSource ? destinationLabel(other) : [data(sourceText(other))];
    const made = element(
      "li",
      { class: "card" },
      element("h4", null, data(edge.route)),
      facts([
        [isSource ? "to" : "from", jumpButton(other, label, handlers)],
        ["account", data(purgemap.model.accountName(other.group.account, other.side))],
        ...optionFacts(edge),
        ["defined at", location(edge)],
      ]),
    );
    return made;
  }

  // Show the routes of a row. `handlers` has `close()`, `reveal(row)`, `only(row)` and, if there is a server,
  // `explain(uri)`.
  function show(selected, handlers) {
    const panel = byId("panel");
    const isSource = selected.side === "source";
    const label = isSource ? [data(sourceText(selected))] : destinationLabel(selected);
    const heading = element("h3", { id: "panel-heading", tabindex: "-1" }, ...label);
    const actions = element("div", { class: "buttons" });
    const add = (text, act) => {
      const button = element("button", { type: "button", class: "quiet" }, text);
      button.addEventListener("click", act);
      actions.append(button);
    };
    add(isSource ? "Show only this bucket" : "Show only this distribution", () => handlers.only(selected));
    if (isSource && handlers.explain) {
      add("Explain an object", () => handlers.explain(sourceText(selected)));
    }
    add("Close", handlers.close);
    const edges = selected.pairs.flatMap((pair) => pair.edges.map((edge) => [pair, edge]));
    const cards = edges.slice(0, MAX_CARDS).map(([pair, edge]) => card(pair, edge, selected, handlers));
    panel.replaceChildren(
      heading,
      element(
        "p",
        { class: "muted" },
        `${count(edges.length, "edge")} · ${purgemap.model.accountName(selected.group.account, selected.side)}`,
      ),
      actions,
      element("ul", { class: "cards" }, ...cards),
    );
    if (edges.length > MAX_CARDS) {
      panel.append(element("p", { class: "muted" }, `${edges.length - MAX_CARDS} more are in the table.`));
    }
    panel.hidden = false;
    heading.focus({ preventScroll: true });
  }

  function hide() {
    byId("panel").hidden = true;
    byId("panel").replaceChildren();
  }

  function tableRow(pair, edge) {
    const { source, destination } = pair;
    const cells = [
      element(
        "td",
        null,
        destination.name ? data(destination.name) : null,
        " ",
        data(destination.distribution, "muted"),
      ),
      element("td", null, edge.origin_path ? data(edge.origin_path) : ""),
      element("td", null, data(edge.route)),
      element("td", null, data(purgemap.model.accountName(destination.group.account, "destination"))),
      element("td", null, location(edge) || ""),
    ];
    return element("tr", null, element("th", { scope: "row" }, data(sourceText(source))), ...cells);
  }

  // Draw the pairs that the filter left. The table is made when it is shown: a picture needs none.
  function drawTable(model) {
    const rows = model.pairs
      .filter((pair) => pair.visible)
      .flatMap((pair) => pair.edges.map((edge) => tableRow(pair, edge)));
    const names = ["Bucket and prefix", "Distribution", "Origin path", "Route", "Account", "Defined at"];
    byId("table").replaceChildren(table(names, rows, `Routes, ${count(rows.length, "row")}`));
  }

  purgemap.panel = { show, hide, drawTable };
})();
