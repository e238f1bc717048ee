"use strict";
// The view of a running stack: its queues, its dead letters, and the invalidations in progress.
(function () {
  const { element, data, count, duration, byId, facts, table, scroller, request, showError, announce } = purgemap;

  let latest = 0;

  function age(seconds) {
    return seconds === null ? null : duration(seconds);
  }

  function queueCard(title, queue) {
    if (!queue) {
      return element(
        "li",
        { class: "card" },
        element("h4", null, title),
        element("p", { class: "muted" }, "Not read."),
      );
    }
    return element(
      "li",
      { class: "card" },
      element("h4", null, title),
      facts([
        ["waiting", String(queue.visible)],
        ["in flight", String(queue.in_flight)],
        ["delayed", String(queue.delayed)],
        ["oldest message", age(queue.oldest_seconds)],
        ["queue", data(queue.url)],
      ]),
    );
  }

  function reasonRow(reason) {
    return element(
      "tr",
      null,
      element("th", { scope: "row" }, data(reason.reason)),
      element("td", null, String(reason.letters)),
      element("td", null, data(reason.distributions.join(", "))),
    );
  }

  function deadLetters(letters) {
    if (!letters || !letters.reasons.length) {
      return [];
    }
    const sample = letters.is_sample ? ` of ${letters.looked_at} sampled` : "";
    const rows = letters.reasons.map(reasonRow);
    return [
      element("h3", null, `Reasons of dead letters${sample}`),
      scroller("Reasons of dead letters", table(["Reason", "Letters", "Distributions"], rows)),
      element(
        "p",
        { class: "muted" },
        "After a repair, ",
        element("code", null, "purgemap redrive"),
        " sends them again.",
      ),
    ];
  }

  function distributionRow(status) {
    const progress =
      status.in_progress === null
        ? data(status.error)
        : element("span", null, status.is_all ? String(status.in_progress) : `at least ${status.in_progress}`);
    const name = status.names.length ? [data(status.names.join(", ")), " "] : [];
    return element(
      "tr",
      null,
      element("th", { scope: "row" }, ...name, data(status.distribution, "muted")),
      element("td", null, progress),
    );
  }

  function draw(status) {
    const rows = status.distributions.map(distributionRow);
    const problems = status.problems.map((text) => element("li", null, data(text)));
    byId("status-result").replaceChildren(
      ...(problems.length
        ? [element("h3", null, "Can't be read"), element("ul", { class: "failures" }, ...problems)]
        : []),
      element("h3", null, "Queues"),
      element(
        "ul",
        { class: "cards" },
        queueCard("Changes", status.queue),
        queueCard("Dead letters", status.dead_letters),
      ),
      facts([
        ["oldest change that CloudFront has not accepted", age(status.oldest_change_seconds)],
        ["age of the folder counts", age(status.folder_counts_seconds)],
      ]),
      ...deadLetters(status.dead_letters),
      element("h3", null, "Invalidations in progress"),
      scroller("Invalidations in progress", table(["Distribution", "In progress"], rows)),
    );
    announce(`Status of ${count(rows.length, "distribution")}`);
  }

  function drawNoStack() {
    const command = element("code", null, "purgemap explore --stack-name NAME");
    byId("status-result").replaceChildren(
      element("p", { class: "note" }, "No stack is known. ", command, " shows its queues here."),
    );
  }

  async function load() {
    const number = ++latest;
    byId("status-result").setAttribute("aria-busy", "true");
    const answer = await request("/api/status");
    if (number !== latest) {
      return;
    }
    byId("status-result").removeAttribute("aria-busy");
    showError("status-error", answer);
    if (answer.status === 204) {
      drawNoStack();
    } else if (answer.ok) {
      draw(answer.body);
    } else {
      byId("status-result").replaceChildren();
    }
  }

  function start() {
    byId("status-refresh").addEventListener("click", load);
  }

  purgemap.status = { start, open: load };
})();
