"use strict";
// Search, filters, sorting, and all access of one person. The page has all rows without this script.

// A browser takes seconds to lay out a table of ten thousand rows. The screen has the first of those that are chosen, paper has all.
const FIRST = 100;

// Until the script has chosen rows, none are laid out (page.css).
document.documentElement.classList.add("loading");
document.addEventListener("DOMContentLoaded", () => {
  start();
  document.documentElement.classList.remove("loading");
});

function start() {
  const table = document.getElementById("rows");
  const heads = Array.from(table.tHead.rows[0].cells);
  const title = document.getElementById("rows-title");
  const shown = document.getElementById("shown");
  const controls = document.getElementById("controls");
  const search = document.getElementById("search");
  const selects = Array.from(controls.querySelectorAll("select"));
  const everybody = title.textContent;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const folded = (text) => text.normalize("NFKC").toLowerCase();
  const number = (value) => value.toLocaleString("en");

  // What a search looks at: the text of a row, and the id of its user, which is not shown.
  const rows = Array.from(table.tBodies[0].rows, (element) => ({
    element,
    data: element.dataset,
    text: folded(`${element.textContent} ${element.dataset.user}`),
    roles: Array.from(element.querySelectorAll(".role"), (role) => role.textContent),
  }));
  // Whether a row has the value that is chosen in a list, by the id of the list.
  const has = {
    force: (row, value) => row.data.force === value,
    organization: (row, value) => row.data.home === value || row.data.org === value,
    project: (row, value) => row.data.project === value,
    role: (row, value) => row.roles.includes(value),
    kind: (row, value) => row.data.kind === value,
  };

  /** Return the id of the user whose access the address names, or null. */
  function userOfAddress() {
    try {
      const name = decodeURIComponent(location.hash.slice(1));
      return name.startsWith("user-") ? name.slice("user-".length) : null;
    } catch {
      return null; // somebody typed an address that is not one of the page's links
    }
  }

  /** Return a test of a row for what is chosen, and the choices in words. */
  function chosen() {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    const picked = selects.filter((select) => select.value);
    const said = picked.map((each) => `${each.labels[0].firstChild.data.trim()}: ${each.selectedOptions[0].textContent}`);
    if (words.length) said.unshift(`Search: ${search.value.trim()}`);
    const test = (row) =>
      picked.every((select) => has[select.id](row, select.value)) && words.every((word) => row.text.includes(word));
    return { test, said };
  }

  /** Show the rows of one person, or those that are chosen, and say how many they are. */
  function show(limit) {
    const user = userOfAddress();
    const { test, said } = user === null ? chosen() : { test: (row) => row.data.user === user, said: [] };
    let count = 0;
    for (const row of rows) {
      const isChosen = test(row);
      if (isChosen) count += 1;
      row.element.hidden = !isChosen;
      row.element.classList.toggle("more", isChosen && count > limit);
    }
    shown.textContent = `${number(count)} of ${number(rows.length)} rows.${said.length ? ` Only ${said.join("; ")}.` : ""}`;
    if (count > limit) addToStatus("button", `Show all, not only the first ${number(limit)}`).addEventListener("click", () => show(Infinity));
    if (user !== null) addToStatus("a", "Show everybody").href = "#rows-title";
    controls.querySelector("fieldset").disabled = user !== null;
    title.textContent = user === null ? everybody : `All access of ${nameOf(user)}`;
  }

  function addToStatus(kind, text) {
    const element = document.createElement(kind);
    element.className = "screen";
    element.textContent = text;
    shown.append(" ", element);
    return element;
  }

  function nameOf(user) {
    const link = Array.from(document.querySelectorAll(".access tbody a")).find((each) => each.hash === location.hash);
    return link ? link.textContent : user;
  }

  /** Sort the rows by a column. */
  function sort(head) {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    for (const row of rows) row.key = row.element.cells[head.cellIndex].textContent;
    rows.sort((one, other) => collator.compare(one.key, other.key) * (ascending ? 1 : -1));
    const sorted = document.createDocumentFragment();
    for (const row of rows) sorted.append(row.element);
    show(FIRST);
    table.tBodies[0].append(sorted);
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }
  heads[0].setAttribute("aria-sort", "ascending");
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", () => show(FIRST));
  controls.addEventListener("reset", () => setTimeout(show, 0, FIRST)); // after the fields have their first values again
  addEventListener("hashchange", () => {
    show(FIRST);
    if (userOfAddress() === null) return;
    title.scrollIntoView();
    title.focus({ preventScroll: true });
  });
  show(FIRST);
}
