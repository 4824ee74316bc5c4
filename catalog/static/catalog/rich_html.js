// Descriptions as they are stored, and as Trix holds them.

const KEPT = new Set(
  "A B BLOCKQUOTE BR DEL DIV EM H1 H2 H3 H4 I IMG LI OL P PRE STRONG TABLE TBODY TD TH THEAD TR U UL".split(" "),
);
const GONE = "script, style, title, template, iframe, object, svg, math, noscript";
const BLOCK = /^(BLOCKQUOTE|H[1-4]|OL|P|PRE|TABLE|UL)$/;
const LINK = /^https?:\/\//i;
const ALIASES = { B: "strong", I: "em" };
const EDGES = /\s*(<\/?(?:blockquote|br|h[1-4]|li|ol|p|pre|ul)>)\s*/g;

// A document of its own, in which nothing runs and nothing is loaded.
const body = (html) => new DOMParser().parseFromString(html, "text/html").body;
// A text without tags shows its lines.
const withBreaks = (html) => (/<[a-z]/i.test(html) ? html : html.trim().replaceAll("\n", "<br>"));

function renamed(element, name) {
  const other = element.ownerDocument.createElement(name);
  other.append(...element.childNodes);
  for (const { name: key, value } of element.attributes) other.setAttribute(key, value);
  element.replaceWith(other);
  return other;
}

function bare(element, kept) {
  for (const { name } of [...element.attributes]) {
    const value = element.getAttribute(name);
    const isLink = name === "href" || name === "src";
    if (!kept.includes(name) || (isLink && !LINK.test(value))) element.removeAttribute(name);
  }
}

// Keeps what a description may hold, as the server does.
function cleaned(root) {
  root.querySelectorAll(GONE).forEach((element) => element.remove());
  for (const element of [...root.querySelectorAll("*")]) {
    if (!KEPT.has(element.tagName)) {
      element.replaceWith(...element.childNodes);
      continue;
    }
    bare(element, { A: ["href", "title"], IMG: ["src", "alt"] }[element.tagName] ?? []);
  }
  for (const image of root.querySelectorAll("img:not([src])")) image.remove();
  return root;
}

function withoutComments(root) {
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  found.forEach((comment) => comment.remove());
}

// What Trix holds, as it is stored: paragraphs, and pictures with their captions.
export function stored(html) {
  const root = body(html);
  withoutComments(root);
  for (const figure of root.querySelectorAll("figure")) {
    const image = figure.querySelector("img");
    const { url } = JSON.parse(figure.dataset.trixAttachment || "{}");
    const { caption } = JSON.parse(figure.dataset.trixAttributes || "{}");
    if (!image || !LINK.test(url)) {
      figure.remove();
      continue;
    }
    image.setAttribute("src", url);
    if (caption) image.setAttribute("alt", caption);
    else image.removeAttribute("alt");
    figure.replaceWith(image);
  }
  root.querySelectorAll("div").forEach((element) => renamed(element, "p"));
  return cleaned(root).innerHTML;
}

// What is stored or pasted, as Trix takes it.
export function editable(html) {
  const root = cleaned(body(withBreaks(html)));
  root.querySelectorAll("p").forEach((element) => renamed(element, "div"));
  for (const image of root.querySelectorAll("img")) {
    const figure = root.ownerDocument.createElement("figure");
    const url = image.getAttribute("src");
    const caption = image.getAttribute("alt");
    figure.dataset.trixAttachment = JSON.stringify({ contentType: "image", url });
    if (caption) figure.dataset.trixAttributes = JSON.stringify({ caption });
    image.replaceWith(figure);
  }
  return root.innerHTML;
}

// One form for what looks alike, to tell whether anything was lost.
export function canonical(html) {
  const root = body(withBreaks(html));
  root.querySelectorAll("div").forEach((element) => renamed(element, "p"));
  for (const [name, alias] of Object.entries(ALIASES)) {
    root.querySelectorAll(name).forEach((element) => renamed(element, alias));
  }
  let line = null;
  for (const node of [...root.childNodes]) {
    const isBlock = BLOCK.test(node.nodeName);
    if (isBlock || (!line && node.nodeType === Node.TEXT_NODE && !node.data.trim())) {
      line = null;
      continue;
    }
    if (!line) {
      line = root.ownerDocument.createElement("p");
      node.before(line);
    }
    line.append(node);
  }
  return root.innerHTML.replace(/[ \t\r\n]+/g, " ").replace(EDGES, "$1").trim();
}
