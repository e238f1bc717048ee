"use strict";
// The view of an object: each step from its key to the items that are sent.
(function () {
  const { element, data, count, byId, facts, dataList, table, scroller, request, showError, announce } = purgemap;

  // A bucket of a thousand sites has a thousand routes that miss.
  const MAX_SKIPS = 12;
  const MAX_ITEMS = 200;

  let latest = 0;
  let shown = null;

  function step(name, ...content) {
    return element("li", null, element("h5", null, name), ...content);
  }

  function captures(match) {
    return Object.entries(match.captures).map(([name, value]) =>
      element("p", null, data(`{${name}}`, "muted"), " is ", data(value)),
    );
  }

  function matchCard(match) {
    const steps = [
      match.prefix ? step("Prefix", data(match.prefix)) : null,
      captures(match).length ? step("Captures", ...captures(match)) : null,
      match.origin_path
        ? step("Origin path", data(match.origin_path), " ", element("span", { class: "muted" }, "is cut from the key"))
        : null,
      step("Viewer paths", dataList(match.viewer_paths, MAX_ITEMS)),
      step("Items", dataList(match.items, MAX_ITEMS)),
    ];
    const warnings = match.warnings.map((text) =>
      element("p", { class: "warning" }, element("b", null, "Warning: "), data(text)),
    );
    return element(
      "li",
      { class: "card match" },
      element("h4", null, data(match.route), " → ", ...purgemap.map.distribution(match.distribution)),
      element("ol", { class: "steps" }, ...steps.filter(Boolean)),
      ...warnings,
    );
  }

  function sent(invalidations) {
    if (!invalidations.length) {
      return element("p", { class: "note" }, "Nothing is sent.");
    }
    const cards = invalidations.map((invalidation) =>
      element(
        "li",
        { class: "card sent" },
        element("h4", null, ...purgemap.map.distribution(invalidation.distribution)),
        dataList(invalidation.items, MAX_ITEMS),
      ),
    );
    return element("ul", { class: "cards" }, ...cards);
  }

  function skippedRow(skip) {
    return element(
      "tr",
      null,
      element("th", { scope: "row" }, data(skip.route)),
      element("td", null, ...(skip.distribution ? purgemap.map.distribution(skip.distribution) : [])),
      element("td", null, data(skip.reason)),
    );
  }

  function skipped(skips) {
    const rows = skips.slice(0, MAX_SKIPS).map(skippedRow);
    const holder = scroller("Skipped routes", table(["Route", "Distribution", "Reason"], rows));
    if (skips.length <= MAX_SKIPS) {
      return [holder];
    }
    const more = element("button", { type: "button", class: "quiet" }, `Show ${skips.length - MAX_SKIPS} more`);
    more.addEventListener("click", () => {
      holder.querySelector("tbody").append(...skips.slice(MAX_SKIPS).map(skippedRow));
      more.remove();
      holder.focus();
    });
    return [holder, more];
  }

  function draw(explanation) {
    const { object, matches, skipped: skips, invalidations } = explanation;
    byId("object-result").replaceChildren(
      element("h3", null, "Change"),
      facts([
        ["bucket", data(object.bucket)],
        ["key", data(object.key)],
        ["event", data(object.event)],
      ]),
      element("h3", null, "Sent"),
      sent(invalidations),
      element("h3", null, count(matches.length, "matching route")),
      element("ul", { class: "cards" }, ...matches.map(matchCard)),
      ...(skips.length ? [element("h3", null, `${count(skips.length, "route")} skipped`), ...skipped(skips)] : []),
    );
    announce(`${count(matches.length, "matching route")}, ${count(invalidations.length, "distribution")}`);
  }

  // Explain a change. An answer that a later one overtook is dropped.
  async function explain(change) {
    const result = byId("object-result");
    const query = new URLSearchParams(change);
    shown = change;
    // A reload of the map repeats this behind another view, too, which keeps its address.
    if (!byId("view-object").hidden) {
      history.replaceState(null, "", `#object?${query}`);
    }
    result.setAttribute("aria-busy", "true");
    const number = ++latest;
    const answer = await request(`/api/explain?${query}`);
    if (number !== latest) {
      return;
    }
    showError("object-error", answer);
    if (answer.ok) {
      draw(answer.body);
    } else {
      result.replaceChildren();
    }
    result.removeAttribute("aria-busy");
  }

  function start() {
    byId("object-form").addEventListener("submit", (event) => {
      event.preventDefault();
      explain({ object: byId("object-uri").value, event: byId("object-event").value });
    });
  }

  // Open the view with the object and the event of its address. A key may hold a line break, which the field drops, so
  // the address counts.
  function open(query) {
    if (query.get("object")) {
      const change = { object: query.get("object"), event: query.get("event") || "created" };
      byId("object-uri").value = change.object;
      byId("object-event").value = change.event;
      explain(change);
    }
  }

  // After an edit of the map, the answer on the page may be another.
  function refresh() {
    if (shown) {
      explain(shown);
    }
  }

  purgemap.object = { start, open, refresh };
})();
