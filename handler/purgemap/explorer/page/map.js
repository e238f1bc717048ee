"use strict";
// The view of the map: its filters, its selection, and which of picture and table is shown.
(function () {
  const { element, data, byId, count, announce, spell } = purgemap;
  const { model: models, picture, panel } = purgemap;

  // `selected` is a row of `model`. `names` has the distributions' names by their id.
  const state = { model: null, selected: null, isTable: false, handlers: {} };
  const names = new Map();

  function option(value, text) {
    return element("option", { value }, text);
  }

  // A choice of 500 buckets needs no order of its own: the browser finds one by its first letters.
  function fillSelect(id, all, values, label) {
    const select = byId(id);
    const before = select.value;
    const options = [...new Set(values)].sort().map((value) => option(`=${value}`, label(value)));
    select.replaceChildren(option("", all), ...options);
    select.value = [...select.options].some((candidate) => candidate.value === before) ? before : "";
  }

  function fillSelects(model) {
    const rows = (groups) => groups.flatMap((group) => group.rows);
    const label = (id) => (names.get(id) ? `${spell(names.get(id))} ${spell(id)}` : spell(id));
    fillSelect(
      "filter-bucket",
      "All",
      rows(model.sources).map((row) => row.bucket),
      spell,
    );
    fillSelect(
      "filter-distribution",
      "All",
      rows(model.destinations).map((row) => row.distribution),
      label,
    );
    fillSelect(
      "filter-account",
      "All",
      model.groups.map((group) => group.account),
      models.accountName,
    );
  }

  function readFilter() {
    const chosen = (id) => byId(id).value.slice(1);
    return {
      search: byId("filter-search").value,
      bucket: chosen("filter-bucket"),
      distribution: chosen("filter-distribution"),
      // The own account has no number, so "" is a choice, too.
      account: byId("filter-account").value ? chosen("filter-account") : null,
    };
  }

  function update() {
    const { model } = state;
    models.applyFilter(model, readFilter());
    picture.update(model);
    const shown = model.pairs.filter((pair) => pair.visible).length;
    const all = count(model.pairs.length, "edge");
    byId("count").textContent =
      shown === model.pairs.length
        ? all
        : shown
          ? `${shown} of ${all}`
          : "Nothing matches. Clear the filter to see all.";
    showForm();
  }

  function showForm() {
    byId("picture").hidden = state.isTable;
    byId("table").hidden = !state.isTable;
    byId("as-picture").setAttribute("aria-pressed", String(!state.isTable));
    byId("as-table").setAttribute("aria-pressed", String(state.isTable));
    byId("fold-all").disabled = byId("unfold-all").disabled = state.isTable;
    if (state.isTable) {
      panel.drawTable(state.model);
    }
  }

  function fold(groups, folded) {
    groups.forEach((group) => (group.folded = folded));
    picture.update(state.model);
  }

  function select(row) {
    const before = state.selected;
    state.selected = row;
    picture.mark(state.model, row);
    // Focus goes back to where the panel was opened, unless a filter hid it or the reader left the panel.
    const isInPanel = byId("panel").contains(document.activeElement);
    if (row) {
      panel.show(row, { ...state.handlers, close: () => select(null), reveal, only });
      row.button.scrollIntoView({ block: "nearest" });
      announce(`${count(row.pairs.length, "edge")} marked. Escape closes the details.`);
    } else {
      panel.hide();
      if (before && isInPanel && before.visible) {
        before.button.focus({ preventScroll: true });
      }
    }
  }

  // Bring a row into view, whatever hides it.
  function reveal(row) {
    if (!row.visible) {
      byId("filters").reset();
      update();
    }
    if (row.group.folded) {
      fold([row.group], false);
    }
    if (state.isTable) {
      state.isTable = false;
      showForm();
    }
    select(row);
    row.button.scrollIntoView({ block: "center" });
    row.button.focus({ preventScroll: true });
  }

  function only(row) {
    byId("filters").reset();
    const [id, value] =
      row.side === "source" ? ["filter-bucket", row.bucket] : ["filter-distribution", row.distribution];
    byId(id).value = `=${value}`;
    update();
    row.button.scrollIntoView({ block: "center" });
  }

  function rowIdentity(row) {
    return [row.side, row.group.account, row.bucket, row.prefix, row.distribution].join("\n");
  }

  // After an edit, folds and the selection stay with the accounts and rows of the same name.
  function keepState(before, model) {
    const folded = new Set(before.groups.filter((group) => group.folded).map((group) => group.side + group.account));
    model.groups.forEach((group) => (group.folded = folded.has(group.side + group.account)));
    const identity = state.selected && rowIdentity(state.selected);
    return [...model.rowsById.values()].find((row) => rowIdentity(row) === identity) || null;
  }

  function showSummary(summary) {
    const { sites, buckets, distributions, accounts, routes } = summary;
    byId("summary").textContent = [
      count(sites, "site"),
      count(buckets, "bucket"),
      count(distributions, "distribution"),
      count(accounts, "account"),
      count(routes, "route"),
    ].join(" · ");
  }

  // The id of a distribution, after the name that the map has for it.
  function distribution(id) {
    return names.get(id) ? [data(names.get(id)), " ", data(id, "muted")] : [data(id)];
  }

  // Show an answer of /api/map. An invalid map has no layout: the last valid one stays, with a note.
  function show(answer) {
    const isOld = !answer.layout || answer.stale === true;
    const note = byId("map-note");
    note.hidden = !isOld;
    note.textContent =
      answer.layout || state.model
        ? "The map has errors. This is the last valid one."
        : "The map has errors. Its picture follows when it is valid.";
    byId("filters").hidden = !answer.layout && !state.model;
    document.querySelector("#view-map .bar").hidden = !answer.layout && !state.model;
    if (!answer.layout) {
      return;
    }
    showSummary(answer.summary);
    const model = models.build(answer.layout);
    const selected = state.model ? keepState(state.model, model) : null;
    state.model = model;
    const toggle = (row) => select(row === state.selected ? null : row);
    picture.draw(model, { select: toggle, fold: (group) => fold([group], !group.folded) });
    model.destinations.flatMap((group) => group.rows).forEach((row) => names.set(row.distribution, row.name));
    fillSelects(model);
    update();
    state.selected = null;
    if (selected) {
      const focused = document.activeElement;
      select(selected);
      focused.focus({ preventScroll: true });
    } else {
      panel.hide();
    }
  }

  function start(handlers) {
    state.handlers = handlers;
    const filters = byId("filters");
    filters.addEventListener("input", update);
    filters.addEventListener("reset", () => setTimeout(update));
    filters.addEventListener("submit", (event) => event.preventDefault());
    byId("fold-all").addEventListener("click", () => fold(state.model.groups, true));
    byId("unfold-all").addEventListener("click", () => fold(state.model.groups, false));
    for (const [id, isTable] of [
      ["as-picture", false],
      ["as-table", true],
    ]) {
      byId(id).addEventListener("click", () => {
        state.isTable = isTable;
        select(null);
        showForm();
      });
    }
    picture.narrow.addEventListener("change", () => state.model && picture.update(state.model));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && state.selected) {
        select(null);
      }
    });
  }

  purgemap.map = { start, show, distribution };
})();
