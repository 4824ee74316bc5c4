// The category tree: rows are dragged by their handles, or moved by buttons, with all
// below them. Nothing is sent before staff save the whole order.

const INDENT = 28;

const list = document.querySelector("[data-category-tree]");
if (list) arrange(list, document.querySelector("[data-save]"));

function arrange(list, save) {
  const levels = Number(list.dataset.levels);
  const order = save.closest("form").elements.order;
  const atFirst = told();

  for (const part of list.querySelectorAll("[data-handle], [data-moves]")) {
    part.hidden = false;
  }
  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (handle && event.button === 0) drag(handle, event);
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    move(button.closest("li"), button.dataset.move);
    button.focus();
    refresh();
  });

  function rows() {
    return [...list.children];
  }

  function level(row) {
    return Number(row.dataset.level);
  }

  // A row and all below it.
  function branch(row) {
    const found = [row];
    let next = row.nextElementSibling;
    while (next && level(next) > level(row)) {
      found.push(next);
      next = next.nextElementSibling;
    }
    return found;
  }

  // The nearest row before or after that has the same parent.
  function sibling(row, step) {
    let other = row[step];
    while (other && level(other) > level(row)) other = other[step];
    return other && level(other) === level(row) ? other : null;
  }

  function place(moved, before, to) {
    if (before === moved.at(-1).nextElementSibling && to === level(moved[0])) return;
    const shift = to - level(moved[0]);
    for (const row of moved) {
      row.dataset.level = level(row) + shift;
      list.insertBefore(row, before);
    }
  }

  // The levels at which a branch may stand before a row: no deeper than the tree may
  // be, no higher than what follows, which would hang on it otherwise.
  function room(moved, before) {
    const others = rows().filter((row) => !moved.includes(row));
    const above = others[before ? others.indexOf(before) - 1 : others.length - 1];
    const deepest = Math.max(...moved.map(level)) - level(moved[0]);
    return {
      least: before ? level(before) : 0,
      most: Math.min(above ? level(above) + 1 : 0, levels - 1 - deepest),
    };
  }

  function move(row, direction) {
    const moved = branch(row);
    const after = moved.at(-1).nextElementSibling;
    const up = sibling(row, "previousElementSibling");
    if (direction === "up" && up) place(moved, up, level(row));
    if (direction === "down" && sibling(row, "nextElementSibling")) {
      place(moved, branch(after).at(-1).nextElementSibling, level(row));
    }
    if (direction === "in" && up && room(moved, after).most > level(row)) {
      place(moved, after, level(row) + 1);
    }
    if (direction === "out" && level(row) > 0) {
      let parent = row;
      while (level(parent) >= level(row)) parent = parent.previousElementSibling;
      const behind = branch(parent).at(-1).nextElementSibling;
      place(moved, behind, level(row) - 1);
    }
  }

  function drag(handle, start) {
    const row = handle.closest("li");
    const moved = branch(row);
    const startLevel = level(row);
    // By the list: a handle that moves in the page would lose the pointer.
    list.setPointerCapture(start.pointerId);
    for (const one of moved) one.classList.add("is-moving");

    function follow(event) {
      const others = rows().filter((one) => !moved.includes(one));
      const before = others.find((one) => middle(one) > event.clientY) ?? null;
      const { least, most } = room(moved, before);
      if (least > most) return;
      const wanted = startLevel + Math.round((event.clientX - start.clientX) / INDENT);
      place(moved, before, Math.min(Math.max(wanted, least), most));
      row.scrollIntoView({ block: "nearest" });
    }

    function end() {
      list.removeEventListener("pointermove", follow);
      for (const one of moved) one.classList.remove("is-moving");
      handle.focus();
      refresh();
    }

    list.addEventListener("pointermove", follow);
    list.addEventListener("lostpointercapture", end, { once: true });
  }

  function middle(row) {
    const { top, height } = row.getBoundingClientRect();
    return top + height / 2;
  }

  // What is sent: each row's id and its parent's, in order.
  function told() {
    const path = [];
    const places = rows().map((row) => {
      path[level(row)] = Number(row.dataset.id);
      return [path[level(row)], path[level(row) - 1] ?? null];
    });
    return JSON.stringify(places);
  }

  function refresh() {
    order.value = told();
    save.hidden = order.value === atFirst;
  }
}
