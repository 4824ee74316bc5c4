// Pictures of a form: seen before they are sent, dragged into order, crossed out.
// Without this script there are numbers to type and marks to set instead.

const CARD = "[data-picture]";
const DRAG_STARTS_AT = 5;
const files = new WeakMap();

const cardsOf = (box) => [...box.querySelectorAll(CARD)];
const uploadOf = (box) => box.querySelector("input[type=file]");
const isRemoved = (card) => card.classList.contains("is-removed");

// What is sent follows what is seen: the places, the marks, and the files themselves.
function write(box) {
  const transfer = new DataTransfer();
  cardsOf(box).forEach((card, index) => {
    const place = card.querySelector("[data-place]");
    place.value = index + 1;
    const mark = card.querySelector("[data-removed]");
    if (mark) {
      mark.checked = isRemoved(card);
      return;
    }
    place.disabled = isRemoved(card);
    if (!place.disabled) transfer.items.add(files.get(card));
  });
  uploadOf(box).files = transfer.files;
  uploadOf(box).dispatchEvent(new Event("input", { bubbles: true }));
}

function say(box, text) {
  box.querySelector("[role=status]").textContent = text;
}

function move(card, step) {
  const box = card.closest("[data-pictures]");
  const cards = cardsOf(box);
  const target = cards[cards.indexOf(card) + step];
  if (!target) return;
  if (step > 0) target.after(card);
  else target.before(card);
  write(box);
  say(box, `已移到第${cardsOf(box).indexOf(card) + 1}位`);
}

function toggle(card, button) {
  const removed = card.classList.toggle("is-removed");
  button.querySelector("span").textContent = removed ? "undo" : "close";
  button.setAttribute("aria-label", removed ? "不移除" : "移除");
  write(card.closest("[data-pictures]"));
}

function drag(card, down) {
  const box = card.closest("[data-pictures]");
  let moved = false;
  const follow = (event) => {
    const far = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
    if (!moved && far < DRAG_STARTS_AT) return;
    moved = true;
    card.classList.add("is-dragged");
    const target = document.elementFromPoint(event.clientX, event.clientY)?.closest(CARD);
    if (!target || target === card || target.closest("[data-pictures]") !== box) return;
    const cards = cardsOf(box);
    if (cards.indexOf(target) > cards.indexOf(card)) target.after(card);
    else target.before(card);
  };
  const end = () => {
    document.removeEventListener("pointermove", follow);
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    card.classList.remove("is-dragged");
    if (!moved) return;
    write(box);
    // A click follows, which would open the picture.
    const stop = (event) => event.preventDefault();
    document.addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", stop, true));
  };
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

function equip(card) {
  const tools = card.closest("[data-pictures]").querySelector("[data-tools]");
  card.append(tools.content.cloneNode(true));
  const handle = card.querySelector("[data-handle]");
  const remove = card.querySelector("[data-remove]");
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(card, step);
    handle.focus();
  });
  remove.addEventListener("click", () => toggle(card, remove));
  card.addEventListener("dragstart", (event) => event.preventDefault());
  card.addEventListener("pointerdown", (event) => {
    // A finger on the picture itself scrolls the page.
    const isHandle = event.target.closest("[data-handle]");
    const isPicture = event.pointerType === "mouse" && event.target.closest("a, img");
    if (event.button === 0 && (isHandle || isPicture)) {
      event.target.releasePointerCapture?.(event.pointerId);
      drag(card, event);
    }
  });
}

function add(box, file) {
  const template = box.querySelector("[data-new]");
  const card = template.content.firstElementChild.cloneNode(true);
  files.set(card, file);
  card.querySelector("img").src = URL.createObjectURL(file);
  box.querySelector("[data-list]").append(card);
  equip(card);
}

function preview(box, file) {
  let image = box.querySelector("[data-chosen]");
  if (!image) {
    image = document.createElement("img");
    image.dataset.chosen = "";
    image.className = "picture-chosen";
    image.alt = "";
    box.prepend(image);
  }
  image.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
}

// Delegated, for rows of a table that are added later.
document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-pictures]");
  if (!box || event.target.type !== "file") return;
  const chosen = [...event.target.files].filter((file) => file.type.startsWith("image/"));
  if (!("many" in box.dataset)) {
    preview(box, chosen[0]);
    return;
  }
  for (const file of chosen) add(box, file);
  write(box);
  // The admin has written the name of the last one there.
  box.querySelector("input[type=text][disabled]").setAttribute("value", "添加图片");
});

for (const box of document.querySelectorAll("[data-pictures][data-many]")) {
  box.classList.add("is-live");
  cardsOf(box).forEach(equip);
}
