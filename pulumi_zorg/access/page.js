"use strict";
// Search, filters, sorting, and all access of one person. The page has all rows without this script.

const table = document.getElementById("rows");
const body = table.tBodies[0];
const title = document.getElementById("rows-title");
const shown = document.getElementById("shown");
const controls = document.getElementById("controls");
const control = (id) => document.getElementById(id);
const everybody = title.textContent;
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const folded = (text) => text.normalize("NFKC").toLowerCase();

// What a search looks at: the text of a row, and the id of its user, which is not shown.
const rows = Array.from(body.rows, (element) => ({
  element,
  data: element.dataset,
  text: folded(`${element.textContent} ${element.dataset.user}`),
  roles: Array.from(element.querySelectorAll(".role"), (role) => role.textContent),
}));

/** Return the id of the user whose access the address names, or null. */
function userOfAddress() {
  let name = location.hash.slice(1);
  try {
    name = decodeURIComponent(name);
  } catch {
    return null; // somebody typed an address that is not one of the page's links
  }
  return name.startsWith("user-") ? name.slice("user-".length) : null;
}

/** Return a test of a row for what is chosen, and the choices in words. */
function chosen() {
  const words = folded(control("search").value).split(/\s+/).filter(Boolean);
  const [force, organization, project, role, kind] = ["force", "organization", "project", "role", "kind"].map(
    (id) => control(id).value,
  );
  const said = Array.from(controls.querySelectorAll("select"))
    .filter((select) => select.value)
    .map((select) => `${select.labels[0].firstChild.textContent.trim()}: ${select.selectedOptions[0].textContent}`);
  if (words.length) said.unshift(`Search: ${control("search").value.trim()}`);
  const test = ({ data, text, roles }) =>
    (!force || data.force === force) &&
    (!organization || data.home === organization || data.org === organization) &&
    (!project || data.project === project) &&
    (!role || roles.includes(role)) &&
    (!kind || data.kind === kind) &&
    words.every((word) => text.includes(word));
  return { test, said };
}

/** Show the rows of one person, or those that are chosen, and say how many they are. */
function show() {
  const user = userOfAddress();
  const { test, said } = user === null ? chosen() : { test: ({ data }) => data.user === user, said: [] };
  let count = 0;
  for (const row of rows) {
    const isShown = test(row);
    if (isShown) count += 1;
    if (row.element.hidden === isShown) row.element.hidden = !isShown;
  }
  const number = (value) => value.toLocaleString("en");
  shown.textContent = `${number(count)} of ${number(rows.length)} rows.${said.length ? ` Only ${said.join("; ")}.` : ""}`;
  controls.querySelector("fieldset").disabled = user !== null;
  if (user === null) {
    title.textContent = everybody;
    return;
  }
  const link = Array.from(document.querySelectorAll(".access tbody a")).find((each) => each.hash === location.hash);
  title.textContent = `All access of ${link ? link.textContent : user}`;
  const back = document.createElement("a");
  back.href = "#rows-title";
  back.className = "screen";
  back.textContent = "Show everybody";
  shown.append(" ", back);
}

/** Sort the rows by a column. */
function sort(head) {
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const keys = new Map(rows.map((row) => [row, row.element.cells[head.cellIndex].textContent]));
  rows.sort((one, other) => collator.compare(keys.get(one), keys.get(other)) * (ascending ? 1 : -1));
  const sorted = document.createDocumentFragment();
  for (const row of rows) sorted.append(row.element);
  body.append(sorted);
}

for (const head of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  button.addEventListener("click", () => sort(head));
  head.replaceChildren(button);
}
table.tHead.rows[0].cells[0].setAttribute("aria-sort", "ascending");
controls.hidden = false;
controls.addEventListener("submit", (event) => event.preventDefault());
controls.addEventListener("input", show);
controls.addEventListener("reset", () => setTimeout(show)); // after the fields have their first values again
addEventListener("hashchange", () => {
  show();
  if (userOfAddress() === null) return;
  title.scrollIntoView();
  title.focus({ preventScroll: true });
});
show();
