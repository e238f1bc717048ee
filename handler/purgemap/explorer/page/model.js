"use strict";
// The picture as numbers: which rows and edges a filter leaves, and where they are. Nothing here reads or changes the
// page, so that a filter over 500 sites costs one pass over them, and the browser computes its layout once.
(function () {
  // In units of an eighth of a rem; style.css has the same heights. Units of text let the picture grow with the font.
  // A narrow row has two lines.
  const ROW = 16;
  const NARROW_ROW = 22;
  const HEADING = 20;
  const GAP = 6;
  const REM_PER_UNIT = 0.125;

  // Any account may own a bucket of a map that names none; a distribution without a role is in the service's account.
  function accountName(account, side) {
    return account || { source: "Any account", destination: "Service's account" }[side] || "Not named";
  }

  function makeSide(side, groups, rowsById) {
    return groups.map((group, index) => {
      const made = { side, index, account: group.account, folded: false, visible: true, y: 0, shown: 0 };
      made.rows = group.rows.map((row) => ({ ...row, side, group: made, pairs: [], visible: true, y: 0 }));
      made.rows.forEach((row) => rowsById.set(row.id, row));
      return made;
    });
  }

  function edgeText(edge, source, destination) {
    return [
      source.bucket,
      source.prefix,
      source.group.account,
      destination.distribution,
      destination.name,
      destination.group.account,
      edge.route,
      edge.origin_path,
    ]
      .join("\n")
      .toLowerCase();
  }

  // Edges between the same two rows make one pair, which is one line of the picture.
  function build(layout) {
    const rowsById = new Map();
    const sources = makeSide("source", layout.sources, rowsById);
    const destinations = makeSide("destination", layout.destinations, rowsById);
    const pairs = new Map();
    for (const edge of layout.edges) {
      const key = edge.source + " " + edge.destination;
      const source = rowsById.get(edge.source);
      const destination = rowsById.get(edge.destination);
      if (!pairs.has(key)) {
        const pair = { source, destination, edges: [], texts: [], visible: true };
        pairs.set(key, pair);
        source.pairs.push(pair);
        destination.pairs.push(pair);
      }
      pairs.get(key).edges.push(edge);
      pairs.get(key).texts.push(edgeText(edge, source, destination));
    }
    return { sources, destinations, groups: [...sources, ...destinations], rowsById, pairs: [...pairs.values()] };
  }

  function isMatch(pair, words, filter) {
    const { source, destination } = pair;
    return (
      (!filter.bucket || source.bucket === filter.bucket) &&
      (!filter.distribution || destination.distribution === filter.distribution) &&
      (filter.account === null || [source.group.account, destination.group.account].includes(filter.account)) &&
      pair.texts.some((text) => words.every((word) => text.includes(word)))
    );
  }

  // Keep the pairs that match every word and every choice, and the rows at their ends. It places no row: see place.
  function applyFilter(model, filter) {
    const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
    for (const pair of model.pairs) {
      pair.visible = isMatch(pair, words, filter);
    }
    for (const row of model.rowsById.values()) {
      row.visible = row.pairs.some((pair) => pair.visible);
    }
    for (const group of model.groups) {
      group.shown = group.rows.filter((row) => row.visible).length;
      group.visible = group.shown > 0;
    }
  }

  // Set the middle of each row. A row of a folded group is at its heading, where its edges end, too.
  function place(model, isNarrow) {
    const height = isNarrow ? NARROW_ROW : ROW;
    model.height = Math.max(placeSide(model.sources, height), placeSide(model.destinations, height));
  }

  function placeSide(groups, height) {
    let y = 0;
    for (const group of groups.filter((candidate) => candidate.visible)) {
      group.y = y + HEADING / 2;
      y += HEADING;
      for (const row of group.rows.filter((candidate) => candidate.visible)) {
        row.y = group.folded ? group.y : y + height / 2;
        y += group.folded ? 0 : height;
      }
      y += GAP;
    }
    return y;
  }

  // A curve from the left edge (0) to the right edge (100) of the picture's middle.
  function curve(pair) {
    return `M0 ${pair.source.y}C50 ${pair.source.y} 50 ${pair.destination.y} 100 ${pair.destination.y}`;
  }

  purgemap.model = { build, applyFilter, place, curve, accountName, REM_PER_UNIT };
})();
