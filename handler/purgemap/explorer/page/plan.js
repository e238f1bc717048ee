"use strict";
// The view of a plan: what the changes of a log would invalidate, and the cost.
(function () {
  const { element, data, count, byId, dataList, request, showError, announce } = purgemap;

  // The first items show a mistake. The others are one click away.
  const MAX_ITEMS = 50;

  let latest = 0;
  // The name and the bytes of the file that was dropped or chosen. It is sent as it is: it need not be UTF-8, nor fit
  // the text field. A later change of the file does not matter.
  let file = null;

  function tile(value, name) {
    return element("div", { class: "tile" }, element("dt", null, name), element("dd", null, value));
  }

  function tiles(summary) {
    return element(
      "dl",
      { class: "tiles" },
      tile(`$${summary.cost_usd.toFixed(3)}`, "cost"),
      tile(summary.changes.toLocaleString("en"), "changes"),
      tile(summary.paths.toLocaleString("en"), "paths"),
      tile(summary.wildcards.toLocaleString("en"), "wildcards"),
      tile(summary.requests.toLocaleString("en"), "requests"),
    );
  }

  function card(invalidation) {
    const wildcards = invalidation.wildcards ? `, ${count(invalidation.wildcards, "wildcard")}` : "";
    return element(
      "li",
      { class: "card sent" },
      element("h4", null, ...purgemap.map.distribution(invalidation.distribution)),
      element(
        "p",
        { class: "muted" },
        `${count(invalidation.changes, "change")} → ${count(invalidation.paths, "path")}${wildcards}`,
      ),
      dataList(invalidation.items, MAX_ITEMS),
    );
  }

  function notes(summary) {
    const texts = ["The cost is before the account's free 1,000 paths a month."];
    if (summary.unrouted) {
      texts.push(`No route matches ${count(summary.unrouted, "change")}.`);
    }
    if (summary.ignored) {
      texts.push(`${count(summary.ignored, "event")} changed no object that viewers can get.`);
    }
    return texts.map((text) => element("p", { class: "muted" }, text));
  }

  function draw(plan, name) {
    const source = name ? [element("p", { class: "muted" }, "Plan of ", data(name))] : [];
    byId("plan-result").replaceChildren(
      element("h3", null, "Result"),
      ...source,
      tiles(plan.summary),
      ...notes(plan.summary),
      element("h3", null, count(plan.invalidations.length, "request")),
      element("ul", { class: "cards" }, ...plan.invalidations.map(card)),
    );
    announce(`${count(plan.summary.paths, "path")}, ${plan.summary.cost_usd.toFixed(3)} dollars`);
  }

  async function plan() {
    const body = file ? file.bytes : byId("plan-text").value;
    const name = file ? file.name : "";
    const query = new URLSearchParams(byId("plan-bucket").value ? { bucket: byId("plan-bucket").value } : {});
    byId("plan-result").setAttribute("aria-busy", "true");
    const number = ++latest;
    const answer = await request(`/api/plan?${query}`, {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body,
    });
    if (number !== latest) {
      return;
    }
    showError("plan-error", answer);
    if (answer.ok) {
      draw(answer.body, name);
    } else {
      byId("plan-result").replaceChildren();
    }
    byId("plan-result").removeAttribute("aria-busy");
  }

  function hasFile(event) {
    return event.dataTransfer.types.includes("Files");
  }

  async function useFile(chosen) {
    try {
      file = { name: chosen.name, bytes: await chosen.arrayBuffer() };
    } catch {
      const error = `${chosen.name} can't be read. Drop one file; a folder is not a log.`;
      showError("plan-error", { ok: false, body: { error } });
      return;
    }
    byId("plan-text").value = "";
    plan();
  }

  function start() {
    const zone = byId("plan-drop");
    byId("plan-form").addEventListener("submit", (event) => {
      event.preventDefault();
      plan();
    });
    byId("plan-text").addEventListener("input", () => {
      file = null;
      byId("plan-file").value = "";
    });
    byId("plan-file").addEventListener("change", (event) => {
      if (event.target.files.length) {
        useFile(event.target.files[0]);
      }
    });
    // A file may be dropped anywhere: without this the browser leaves the page and opens it. Dropped text goes where
    // the browser puts it.
    document.addEventListener("dragover", (event) => {
      if (hasFile(event)) {
        event.preventDefault();
        zone.classList.add("is-over");
      }
    });
    document.addEventListener("drop", (event) => {
      if (hasFile(event)) {
        event.preventDefault();
        zone.classList.remove("is-over");
        byId("plan-file").value = "";
        location.hash = "#plan";
        useFile(event.dataTransfer.files[0]);
      }
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) {
        zone.classList.remove("is-over");
      }
    });
  }

  function refresh() {
    if (byId("plan-result").childElementCount) {
      plan();
    }
  }

  purgemap.plan = { start, refresh };
})();
