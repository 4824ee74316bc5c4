// The description in an editor. What the editor can't keep is edited as HTML.
import { canonical, editable, stored } from "./rich_html.js";

const box = document.querySelector("[data-description]");
const area = box?.querySelector("textarea");
const part = (name) => box.querySelector(`[data-${name}]`);
let editor = null;
let opened = "";
let original = "";
let uploading = 0;

const { Trix } = window;

function configure() {
  const heading = (tagName) => ({ tagName, breakOnReturn: true, group: false, terminal: true });
  Object.assign(Trix.config.blockAttributes, {
    heading1: heading("h1"),
    heading2: heading("h2"),
    heading3: heading("h3"),
    heading4: heading("h4"),
  });
  Trix.config.blockAttributes.default.group = false;
  Trix.config.textAttributes.underline = {
    tagName: "u",
    inheritable: true,
    parser: (element) => Boolean(element.closest("u")),
  };
  Trix.config.attachments.preview.caption = { name: false, size: false };
  Object.assign(Trix.config.lang, {
    bytes: "字节",
    byte: "字节",
    captionPlaceholder: "图片说明",
    remove: "移除",
    url: "网址",
    urlPlaceholder: "https://",
  });
  Trix.config.toolbar.getDefaultHTML = () => part("toolbar").innerHTML;
}

function say(text, isError = false) {
  part("said").textContent = text;
  part("said").classList.toggle("is-error", isError);
}

function write() {
  const now = stored(editor.value);
  const value = now === opened ? original : now;
  if (area.value === value) return;
  area.value = value;
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// Says whether the editor keeps all that the description holds.
function open() {
  original = area.value;
  editor ??= make();
  editor.editor.loadHTML(editable(original));
  opened = stored(editor.value);
  return canonical(opened) === canonical(original);
}

function make() {
  const element = document.createElement("trix-editor");
  element.className = "description-editor";
  element.setAttribute("aria-label", "描述");
  part("editor").append(element);
  element.addEventListener("trix-change", () => {
    if (!part("editor").hidden) write();
  });
  element.addEventListener("trix-file-accept", (event) => {
    const refusal = refused(event.file);
    if (!refusal) return;
    event.preventDefault();
    say(refusal, true);
  });
  element.addEventListener("trix-attachment-add", ({ attachment }) => {
    if (attachment.file) upload(attachment);
  });
  element.toolbarElement.querySelector("[data-picture-add]").addEventListener("click", choose);
  return element;
}

function show(isEditor) {
  part("editor").hidden = !isEditor;
  area.hidden = isEditor;
  part("switch").textContent = isEditor ? "直接修改HTML" : "使用编辑器";
}

function begin() {
  const keepsAll = open();
  show(keepsAll);
  say(keepsAll ? "" : "这段描述含有编辑器不能保留的内容(例如表格),请直接修改HTML");
}

// Not on the page: the admin's script looks for a text beside each input of files.
function choose() {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: "image/*", multiple: true });
  input.addEventListener("change", () => {
    for (const file of input.files) {
      const refusal = refused(file);
      if (refusal) say(refusal, true);
      else editor.editor.insertFile(file);
    }
  });
  input.click();
}

function refused(file) {
  if (!file.type.startsWith("image/")) return `“${file.name}”不是图片`;
  const most = Number(box.dataset.maxBytes);
  return file.size > most ? `“${file.name}”超过${Math.floor(most / 1024 / 1024)}MB` : "";
}

async function upload(attachment) {
  const body = new FormData();
  body.append("file", attachment.file);
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  uploading += 1;
  try {
    const request = { method: "POST", body, headers: { "X-CSRFToken": token } };
    const response = await fetch(box.dataset.upload, request);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.message);
    attachment.setAttributes({ url: answer.url });
    say("");
  } catch (error) {
    attachment.remove();
    say(error.message || "图片上传失败,请稍后再试", true);
  } finally {
    uploading -= 1;
  }
}

// Trix has run what other sites put on the clipboard: it gets the text that is allowed.
function insert(event, data) {
  const types = [...(data?.types ?? [])];
  if (!types.some((type) => type === "text/html" || type.startsWith("application/x-trix"))) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.type === "drop") return;
  const html = data.getData("text/html");
  if (html) editor.editor.insertHTML(editable(html));
  else editor.editor.insertString(data.getData("text/plain"));
}

if (box && Trix) {
  configure();
  part("editor").addEventListener("paste", (event) => insert(event, event.clipboardData), true);
  part("editor").addEventListener("drop", (event) => insert(event, event.dataTransfer), true);
  part("switch").addEventListener("click", () => {
    if (area.hidden) {
      show(false);
      say("");
    } else begin();
  });
  part("switch").hidden = false;
  area.form.addEventListener("submit", (event) => {
    if (!uploading) return;
    event.preventDefault();
    say("图片还在上传,请稍候再保存", true);
  });
  begin();
}
