"use strict";
// The picture: rows are buttons in lists, edges are curves in one SVG element between them. All elements are made once
// for a map; a filter, a fold or a selection only changes their attributes.
(function () {
  const { element, data, spell, count, byId } = purgemap;
  const SVG = "http://www.w3.org/2000/svg";
  // The width below which style.css gives a row two lines.
  const narrow = matchMedia("(max-width: 47.99rem)");

  function svgElement(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) {
      made.setAttribute(attribute, value);
    }
    return made;
  }

  function rowLabel(row) {
    if (row.side === "source") {
      return [data(row.bucket, "strong"), row.prefix ? data(row.prefix, "part") : null];
    }
    return row.name ? [data(row.name, "strong"), data(row.distribution, "part")] : [data(row.distribution, "strong")];
  }

  function rowTitle(row) {
    const texts = row.side === "source" ? [row.bucket, row.prefix] : [row.name, row.distribution];
    return texts.filter(Boolean).map(spell).join(" ");
  }

  function drawRow(row) {
    const others = count(row.pairs.length, row.side === "source" ? "distribution" : "source");
    row.button = element(
      "button",
      { type: "button", class: "row", "aria-pressed": "false", title: rowTitle(row), "data-row": row.id },
      ...rowLabel(row),
      element("span", { class: "unseen" }, others),
    );
    row.item = element("li", null, row.button);
    return row.item;
  }

  function drawGroup(group, onFold) {
    group.count = element("span", { class: "muted" });
    group.button = element(
      "button",
      { type: "button", class: "fold", "aria-expanded": "true" },
      data(purgemap.model.accountName(group.account, group.side)),
      group.count,
    );
    group.button.addEventListener("click", () => onFold(group));
    group.list = element("ul", null, ...group.rows.map(drawRow));
    group.section = element("div", { class: "group" }, element("h4", null, group.button), group.list);
    return group.section;
  }

  function drawSide(name, heading, groups, onFold) {
    const title = element("h3", { id: `${name}-heading` }, heading);
    const lists = element("div", { class: `side ${name}`, role: "group", "aria-labelledby": `${name}-heading` });
    lists.append(...groups.map((group) => drawGroup(group, onFold)));
    return [title, lists];
  }

  function drawEdge(pair) {
    pair.path = svgElement("path", { class: "edge", "vector-effect": "non-scaling-stroke" });
    return pair.path;
  }

  // Draw a map. `handlers` has `select(row)` and `fold(group)`.
  function draw(model, handlers) {
    const [sourceTitle, sources] = drawSide("sources", "Buckets and prefixes", model.sources, handlers.fold);
    const [destinationTitle, destinations] = drawSide(
      "destinations",
      "Distributions",
      model.destinations,
      handlers.fold,
    );
    // Screen readers have the rows, the panel and the table instead of the curves.
    model.svg = svgElement("svg", {
      class: "edges",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      focusable: "false",
    });
    // The opacity of a group does not add up where its curves cross.
    model.others = svgElement("g", { class: "others" });
    model.linked = svgElement("g", { class: "linked" });
    model.others.append(...model.pairs.map(drawEdge));
    model.svg.append(model.others, model.linked);
    model.svg.addEventListener("click", () => handlers.select(null));
    const picture = byId("picture");
    picture.replaceChildren(sourceTitle, sources, model.svg, destinationTitle, destinations);
    for (const side of [sources, destinations]) {
      side.addEventListener("click", (event) => {
        const button = event.target.closest("[data-row]");
        if (button) {
          handlers.select(model.rowsById.get(button.dataset.row));
        }
      });
      side.addEventListener("keydown", (event) => moveFocus(event, side));
    }
  }

  // The arrow keys, Home and End move within a side, as Tab does, but past folded groups at once.
  function moveFocus(event, side) {
    const buttons = [...side.querySelectorAll("button")].filter((button) => !button.closest("[hidden]"));
    const index = buttons.indexOf(document.activeElement);
    const targets = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: buttons.length - 1 };
    const target = buttons[targets[event.key]];
    if (target) {
      event.preventDefault();
      target.focus();
    }
  }

  // Bring the page to the state of the model after a filter or a fold.
  function update(model) {
    purgemap.model.place(model, narrow.matches);
    for (const group of model.groups) {
      group.section.hidden = !group.visible;
      group.list.hidden = group.folded;
      group.button.setAttribute("aria-expanded", String(!group.folded));
      group.count.textContent =
        group.shown === group.rows.length ? ` ${group.shown}` : ` ${group.shown} of ${group.rows.length}`;
      for (const row of group.rows) {
        row.item.hidden = !row.visible;
      }
    }
    const height = Math.max(model.height, 1);
    model.svg.setAttribute("viewBox", `0 0 100 ${height}`);
    model.svg.style.height = `${height * purgemap.model.REM_PER_UNIT}rem`;
    for (const pair of model.pairs) {
      pair.path.style.display = pair.visible ? "" : "none";
      if (pair.visible) {
        pair.path.setAttribute("d", purgemap.model.curve(pair));
      }
    }
  }

  // Mark a row, its edges and the rows at their other ends; null marks nothing.
  function mark(model, selected) {
    const pairs = new Set(selected ? selected.pairs : []);
    const linked = new Set([...pairs].flatMap((pair) => [pair.source, pair.destination]));
    byId("picture").classList.toggle("has-selection", selected !== null);
    for (const row of model.rowsById.values()) {
      row.button.setAttribute("aria-pressed", String(row === selected));
      row.button.classList.toggle("is-linked", linked.has(row));
    }
    model.others.append(...model.linked.children);
    model.linked.append(...[...pairs].map((pair) => pair.path));
  }

  purgemap.picture = { draw, update, mark, narrow };
})();
