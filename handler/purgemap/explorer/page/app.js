"use strict";
// The start of the page: which view is open, the map's problems, and reloading after an edit. In an exported file the
// map is part of the page, and nothing is fetched.
(function () {
  const { element, data, count, byId, request, announce } = purgemap;
  const VIEWS = ["map", "object", "plan", "status"];

  const embedded = byId("map-data");
  let generation = null;
  let latest = 0;
  // A server that was started again counts from the beginning, so an equal number has no meaning after a failure.
  let isLost = false;

  function openView(isFirst) {
    const [name, query] = location.hash.slice(1).split("?");
    // The skip links have addresses, too; they change no view.
    if (!isFirst && !VIEWS.includes(name)) {
      return;
    }
    const opened = VIEWS.includes(name) ? name : "map";
    for (const view of VIEWS) {
      byId(`view-${view}`).hidden = view !== opened;
    }
    for (const link of document.querySelectorAll(".views a")) {
      link.toggleAttribute("aria-current", false);
      if (link.hash === `#${opened}`) {
        link.setAttribute("aria-current", "page");
      }
    }
    const heading = byId(`${opened}-heading`);
    document.title = `${heading.textContent} · purgemap`;
    if (!isFirst) {
      scrollTo(0, 0);
      heading.focus({ preventScroll: true });
    }
    if (opened === "object") {
      purgemap.object.open(new URLSearchParams(query));
    } else if (opened === "status") {
      purgemap.status.open();
    }
  }

  function problemItem(problem) {
    const severity = problem.severity === "error" ? "Error" : "Warning";
    return element(
      "li",
      { class: problem.severity },
      element("b", null, severity),
      " ",
      data(`${problem.file}:${problem.line}:${problem.column}`, "place"),
      ": ",
      data(problem.path),
      ": ",
      data(problem.message),
    );
  }

  function showProblems(answer) {
    const errors = answer.problems.filter((problem) => problem.severity === "error");
    const warnings = answer.problems.length - errors.length;
    const parts = [errors.length ? count(errors.length, "error") : "", warnings ? count(warnings, "warning") : ""];
    const title = answer.problems.length ? `The map has ${parts.filter(Boolean).join(" and ")}` : "";
    byId("problems").hidden = !answer.problems.length;
    byId("problems").classList.toggle("is-invalid", !answer.valid);
    byId("problems-heading").textContent = title;
    byId("problem-list").replaceChildren(...answer.problems.map(problemItem));
    return title || "The map is valid";
  }

  function showMap(answer) {
    byId("file").replaceChildren(data(answer.file));
    const title = showProblems(answer);
    purgemap.map.show(answer);
    return title;
  }

  // The server counts the generations of the map's files. An equal one needs no redraw.
  async function loadMap() {
    const number = ++latest;
    const answer = await request("/api/map");
    if (number !== latest) {
      return;
    }
    if (!answer.ok) {
      loseConnection();
      return;
    }
    if (generation === answer.body.generation && !isLost) {
      return;
    }
    const isFirst = generation === null;
    isLost = false;
    generation = answer.body.generation;
    const title = showMap(answer.body);
    if (!isFirst) {
      announce(`The map was reloaded. ${title}.`);
    } else if (!answer.body.valid) {
      announce(title);
    }
    purgemap.object.refresh();
    purgemap.plan.refresh();
  }

  function setConnection(text) {
    byId("connection").hidden = !text;
    byId("connection").textContent = text;
  }

  function loseConnection() {
    isLost = true;
    setConnection("no connection");
  }

  // The stream opens again by itself, and the map may have changed in between.
  function followChanges() {
    const changes = new EventSource("/api/changes");
    changes.addEventListener("open", () => {
      setConnection("");
      loadMap();
    });
    changes.addEventListener("message", loadMap);
    changes.addEventListener("error", loseConnection);
  }

  function start() {
    if (embedded) {
      document.body.classList.add("is-export");
      purgemap.map.start({});
      byId("view-map").hidden = false;
      showMap(JSON.parse(embedded.textContent));
      return;
    }
    // Not in the page's text: an exported file has no server to ask.
    document.head.append(element("link", { rel: "icon", href: "/page/icon.svg", type: "image/svg+xml" }));
    purgemap.map.start({
      explain: (uri) => {
        const field = byId("object-uri");
        field.value = uri;
        const continueTyping = () => {
          field.focus();
          field.setSelectionRange(uri.length, uri.length);
        };
        // It runs after the listener below, which opens the view.
        addEventListener("hashchange", continueTyping, { once: true });
        location.hash = "#object";
      },
    });
    purgemap.object.start();
    purgemap.plan.start();
    purgemap.status.start();
    addEventListener("hashchange", () => openView(false));
    openView(true);
    loadMap();
    followChanges();
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
