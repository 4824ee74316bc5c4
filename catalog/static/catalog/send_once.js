// A page that is sent is not sent again at once, as by a double click.

// Longer than a save takes; whoever has stopped it can try again.
const WAIT_MS = 5000;
let sentAt = -WAIT_MS;

// The document hears of it last: what another script holds back is not sent.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "product_form" || event.defaultPrevented) return;
  const now = performance.now();
  if (now - sentAt < WAIT_MS) event.preventDefault();
  else sentAt = now;
});
