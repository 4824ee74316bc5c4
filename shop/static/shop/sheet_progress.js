// Follow a sheet that the worker works on, and show the page anew when it has ended.
// Without this script the page's link does the same by hand.

const WAIT_MS = 1000;
const card = document.querySelector("[data-sheet-progress]");

async function follow() {
  const answer = await fetch(card.dataset.sheetProgress, {
    headers: { Accept: "application/json" },
  });
  if (!answer.ok || answer.redirected) {
    return;
  }
  const progress = await answer.json();
  if (!progress.isRunning) {
    window.location.reload();
    return;
  }
  const bar = card.querySelector("progress");
  bar.value = progress.percent;
  card.querySelector("[data-sheet-rows]").textContent = progress.rows;
  card.querySelector("[data-sheet-label]").textContent = progress.label;
  wait();
}

function wait() {
  // A network that is away for a moment is asked again.
  window.setTimeout(() => follow().catch(wait), WAIT_MS);
}

if (card) {
  wait();
}
