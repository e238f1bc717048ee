"use strict";
// Texts of a map, a key or an answer enter the page through this file, and only as text nodes: they are data, never
// markup. The other scripts add their parts to the one global name of the page.
var purgemap = {};

(function () {
  // A control character, a mark of direction, a lone surrogate, an unusual space, or a space at an end. A browser draws
  // none of them, or lets them change the order of the rest.
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^ | $/gu;

  function codePoint(character) {
    return "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  }

  // Make an element. Attributes that are null or false are left out; children are nodes or texts.
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== false && value !== undefined) {
        made.setAttribute(attribute, value === true ? "" : value);
      }
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  // A text that somebody else chose, isolated from the direction of the text around it. Characters that are not
  // visible show as their code.
  function data(text, className) {
    const made = document.createElement("bdi");
    made.className = className ? "data " + className : "data";
    let end = 0;
    for (const match of text.matchAll(HIDDEN)) {
      if (match.index > end) {
        made.append(text.slice(end, match.index));
      }
      made.append(element("span", { class: "code-point" }, codePoint(match[0])));
      end = match.index + match[0].length;
    }
    made.append(text.slice(end));
    return made;
  }

  // The same for an attribute and an option, which hold no elements. Plain text gets no marks: a browser finds an option
  // by its first letters.
  function spell(text) {
    if (/^[!-~]*$/.test(text)) {
      return text;
    }
    return "\u2068" + text.replace(HIDDEN, (character) => "[" + codePoint(character) + "]") + "\u2069";
  }

  function count(number, noun, plural) {
    return number.toLocaleString("en") + " " + (number === 1 ? noun : plural || noun + "s");
  }

  function duration(seconds) {
    const units = [
      ["day", 86400],
      ["hour", 3600],
      ["minute", 60],
      ["second", 1],
    ];
    const [unit, size] = units.find((candidate) => seconds >= candidate[1]) || units[3];
    return count(Math.round(seconds / size), unit);
  }

  function byId(id) {
    return document.getElementById(id);
  }

  // A list of data. Past the limit a button shows the others: a browser draws no 100,000 items at once.
  function dataList(texts, limit, className) {
    const list = element("ul", { class: className || "items" });
    list.append(...texts.slice(0, limit).map((text) => element("li", null, data(text))));
    if (texts.length > limit) {
      const more = element("button", { type: "button", class: "quiet" }, `Show ${texts.length - limit} more`);
      const holder = element("li", { class: "more" }, more);
      more.addEventListener("click", () => {
        const others = texts.slice(limit).map((text) => element("li", { tabindex: "-1" }, data(text)));
        holder.replaceWith(...others);
        others[0].focus();
      });
      list.append(holder);
    }
    return list;
  }

  // Name and value pairs; a pair whose value is null is left out.
  function facts(pairs) {
    const list = element("dl", { class: "facts" });
    for (const [name, value] of pairs) {
      if (value !== null) {
        list.append(element("div", null, element("dt", null, name), element("dd", null, value)));
      }
    }
    return list;
  }

  // A table with a heading for each column; a caption is optional.
  function table(names, rows, caption) {
    const head = element("tr", null, ...names.map((name) => element("th", { scope: "col" }, name)));
    const title = caption ? element("caption", null, caption) : null;
    return element("table", null, title, element("thead", null, head), element("tbody", null, ...rows));
  }

  // A table that may be wider than the page. The keyboard reaches and scrolls it.
  function scroller(label, content) {
    return element("div", { class: "scroller", role: "region", "aria-label": label, tabindex: "0" }, content);
  }

  // Send a request to the server. The answer has a status and a JSON body; an error's body is {"error": text}.
  async function request(path, options) {
    try {
      const response = await fetch(path, options);
      const text = await response.text();
      return { status: response.status, ok: response.ok, body: text ? JSON.parse(text) : null };
    } catch {
      const error = "The server does not answer. Is purgemap explore still running?";
      return { status: 0, ok: false, body: { error } };
    }
  }

  function announce(text) {
    byId("announcement").textContent = text;
  }

  // Show or hide the error of a view; its element is an alert, which screen readers read at once.
  function showError(id, answer) {
    const body = answer && !answer.ok ? answer.body : null;
    byId(id).replaceChildren(...(answer && !answer.ok ? [data((body && body.error) || "The server failed.")] : []));
  }

  Object.assign(purgemap, {
    element,
    data,
    spell,
    count,
    duration,
    byId,
    dataList,
    facts,
    table,
    scroller,
    request,
    announce,
    showError,
  });
})();
