// Buttons that copy what they carry; without this, the text itself can be marked.
const SHOWN_MS = 1500;

// The clipboard is there for HTTPS and localhost alone.
async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by the browser: the old way may still work.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "order-copy-area";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

function attach(button) {
  const label = button.querySelector("[data-label]");
  const told = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    label.textContent = (await copy(button.dataset.copy)) ? "已复制" : "请手动复制";
    button.focus();
    setTimeout(() => { label.textContent = told; }, SHOWN_MS);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-copy]").forEach(attach);
});
