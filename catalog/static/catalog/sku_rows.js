// The table of SKUs, as the admin's inline form draws it.
import { parsed, written } from "./specs.js";

export const table = document.querySelector("#skus-data");

export const field = (row, name) => row.querySelector(`[name^="skus-"][name$="-${name}"]`);
export const rowsAll = () => [...table.querySelectorAll("tbody.form-group:not(.empty-form)")];
export const isSaved = (row) => Boolean(field(row, "id")?.value);
export const isDeleted = (row) => Boolean(field(row, "DELETE")?.checked);
export const rowsKept = () => rowsAll().filter((row) => !isDeleted(row));

// What the server wrote is known; what was typed is read as the server will.
export function specsOf(row) {
  const input = field(row, "specs");
  const shown = JSON.parse(input.dataset.specs || "{}");
  return written(shown) === input.value ? shown : parsed(input.value);
}

export const nameOf = (row) => Object.values(specsOf(row)).join(" ") || "无规格";

export function put(input, value) {
  if (input.value === value) return;
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

export function setDeleted(row, deleted) {
  const mark = field(row, "DELETE");
  if (mark.checked !== deleted) mark.click();
}

export function addRow() {
  table.querySelector(".add-row").click();
  return rowsAll().at(-1);
}

// The admin's own button writes the rows below anew, without what was typed in them.
export function removeRow(row) {
  row.remove();
  const rows = rowsAll();
  rows.forEach((other, index) => {
    for (const element of [other, ...other.querySelectorAll("[name], [id], [for]")]) {
      for (const name of ["name", "id", "for"]) {
        const text = element.getAttribute(name);
        if (text) element.setAttribute(name, text.replace(/^(id_)?skus-\d+/, `$1skus-${index}`));
      }
    }
  });
  document.querySelector("[name=skus-TOTAL_FORMS]").value = rows.length;
  table.querySelector(".add-row").classList.remove("hidden");
}

table?.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".delete-template");
    if (!button) return;
    event.stopPropagation();
    if (rowsAll().length > 1) removeRow(button.closest("tbody"));
  },
  true,
);
