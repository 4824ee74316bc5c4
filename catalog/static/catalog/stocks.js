// One figure for all SKUs of the page that adjusts their stocks.
const box = document.querySelector("[data-fill]");
const typed = box.querySelector("[data-figure]");
const told = box.querySelector("[data-told]");

function fillAll() {
  const fields = document.querySelectorAll("[name^=quantity_]");
  const figure = typed.value.trim();
  for (const field of fields) field.value = figure;
  told.textContent = figure ? `已填入${fields.length}个规格,确认调整后生效` : `已清空${fields.length}个规格的数量`;
}

box.querySelector("[data-fill-all]").addEventListener("click", fillAll);
typed.addEventListener("keydown", (event) => {
  // Enter chooses a word of an input method, too; the form is sent by its own button.
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  fillAll();
});
box.hidden = false;
