// The specs of a product: their values make the rows of the table of SKUs.
// Without this script specs are typed into each row.
import { offerScopes, setMany } from "./set_many.js";
import { addRow, field, isDeleted, isSaved, nameOf, put, removeRow, rowsAll, rowsKept } from "./sku_rows.js";
import { setDeleted, specsOf, table } from "./sku_rows.js";
import { combinations, matched, parsed, written } from "./specs.js";

const box = document.querySelector("[data-matrix]");
const SKUS_MAX = Number(box?.dataset.max);
const SPECS_MAX = Number(box?.dataset.specsMax);
const SEPARATORS = /[,;\uff0c\uff1b\u3001\n]/;

const part = (name) => box.querySelector(`[data-${name}]`);

// --- the specs and their values -------------------------------------------------

const groups = () =>
  [...box.querySelectorAll("[data-group]")].map((element) => ({
    was: element.dataset.was,
    name: element.querySelector("[data-name]").value.trim(),
    values: [...element.querySelectorAll("[data-value]")].map((chip) => chip.dataset.value),
  }));

function addValue(group, text) {
  const value = text.trim();
  const chips = [...group.querySelectorAll("[data-value]")];
  if (!value || chips.some((chip) => chip.dataset.value === value)) return;
  const chip = part("chip").content.firstElementChild.cloneNode(true);
  chip.dataset.value = value;
  chip.querySelector("[data-text]").textContent = value;
  chip.setAttribute("aria-label", `去掉${value}`);
  chip.addEventListener("click", () => {
    chip.remove();
    forget();
  });
  group.querySelector("[data-typed]").before(chip);
  forget();
}

function take(group) {
  const typed = group.querySelector("[data-typed]");
  typed.value.split(SEPARATORS).forEach((text) => addValue(group, text));
  typed.value = "";
}

function addGroup(name = "", values = []) {
  const group = part("group-template").content.firstElementChild.cloneNode(true);
  group.dataset.was = name;
  group.querySelector("[data-name]").value = name;
  part("groups").append(group);
  values.forEach((value) => addValue(group, value));
  const typed = group.querySelector("[data-typed]");
  typed.addEventListener("keydown", (event) => {
    // Enter chooses a word of an input method, too.
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      take(group);
    } else if (event.key === "Backspace" && !typed.value) {
      [...group.querySelectorAll("[data-value]")].at(-1)?.click();
    }
  });
  typed.addEventListener("input", (event) => {
    if (!event.isComposing && SEPARATORS.test(typed.value)) take(group);
  });
  typed.addEventListener("change", () => take(group));
  group.querySelector("[data-name]").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    typed.focus();
  });
  group.querySelector("[data-drop]").addEventListener("click", () => {
    group.remove();
    forget();
  });
  forget();
  return group;
}

function readRows() {
  const found = new Map();
  for (const row of rowsKept()) {
    for (const [name, value] of Object.entries(specsOf(row))) {
      if (!found.has(name)) found.set(name, new Set());
      found.get(name).add(value);
    }
  }
  part("groups").replaceChildren();
  found.forEach((values, name) => addGroup(name, [...values]));
  if (!found.size) addGroup();
}

// --- the plan: what would be kept, changed, added and deleted ----------------------

function refusal(chosen) {
  const names = chosen.map((group) => group.name);
  if (!chosen.length) return "请先填写规格名称和规格值";
  if (names.includes("")) return "请填写规格名称";
  if (new Set(names).size < names.length) return "规格名称重复";
  const empty = chosen.find((group) => !group.values.length);
  if (empty) return `请填写“${empty.name}”的规格值`;
  const odd = [...names, ...chosen.flatMap((group) => group.values)];
  const bad = odd.find((text) => text.length > 50 || !isWhole(text));
  if (bad) return `“${bad}”不能用作规格:最多50个字,不能含有冒号和分隔符`;
  const count = chosen.reduce((product, group) => product * group.values.length, 1);
  if (count > SKUS_MAX) return `规格组合共${count}种,最多${SKUS_MAX}个SKU,请减少规格值`;
  return "";
}

// The table writes specs as text: what would be read back as something else is no value.
function isWhole(text) {
  const read = parsed(written({ [text]: text, 尾: text }));
  return read[text] === text && read["尾"] === text && Object.keys(read).length <= 2;
}

function planned() {
  const chosen = groups().filter((group) => group.name || group.values.length);
  const refused = refusal(chosen);
  if (refused) return { refused };
  const rows = rowsAll();
  const facts = rows.map((row) => ({
    specs: specsOf(row),
    isSaved: isSaved(row),
    isDeleted: isDeleted(row),
  }));
  const wanted = combinations(chosen);
  const found = matched(facts, wanted, chosen);
  const keeps = wanted.map((specs, index) => ({ specs, row: rows[found[index]] }));
  const used = new Set(keeps.map((one) => one.row).filter(Boolean));
  const others = rows.filter((row) => !used.has(row) && !isDeleted(row));
  const isLeft = others.filter(isSaved).length + rows.filter((row) => isDeleted(row) && !used.has(row)).length;
  const total = wanted.length + isLeft;
  if (total > SKUS_MAX)
    return {
      refused: `新组合和待删除的行共${total}行,一次最多${SKUS_MAX}行:请先删除旧规格并保存,再添加新规格`,
    };
  return { keeps, others, added: keeps.filter((one) => !one.row).length };
}

function told(plan) {
  const changed = plan.keeps.filter(
    (one) => one.row && isSaved(one.row) && written(specsOf(one.row)) !== written(one.specs),
  );
  const lines = [];
  for (const { row, specs } of changed.slice(0, 5)) {
    const stock = field(row, "stock").value;
    lines.push(`“${nameOf(row)}”改为“${Object.values(specs).join(" ")}”,沿用它的库存${stock}件`);
  }
  if (changed.length > 5) lines.push(`共有${changed.length}个SKU改规格,库存不变`);
  const gone = plan.others.filter((row) => isSaved(row) || isFilled(row));
  if (gone.length) {
    const names = gone.slice(0, 5).map(nameOf).join("、");
    const more = gone.length > 5 ? "等" : "";
    lines.push(`将删除${gone.length}行:${names}${more};保存之前可以撤销`);
  }
  return lines;
}

const isFilled = (row) => field(row, "specs").value || field(row, "price").value;

function generate() {
  box.querySelectorAll("[data-group]").forEach(take);
  const plan = planned();
  if (plan.refused) {
    show(plan.refused, true);
    return;
  }
  const lines = told(plan);
  if (!lines.length) {
    apply(plan);
    return;
  }
  show("");
  part("plan-lines").replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
  part("plan").hidden = false;
  part("go").focus();
}

function apply(plan) {
  for (const row of plan.others) {
    if (isSaved(row)) setDeleted(row, true);
    else removeRow(row);
  }
  for (const { row, specs } of plan.keeps) {
    const target = row ?? addRow();
    if (row && isSaved(row)) setDeleted(row, false);
    put(field(target, "specs"), written(specs));
  }
  box.querySelectorAll("[data-group]").forEach((group) => {
    group.dataset.was = group.querySelector("[data-name]").value.trim();
  });
  forget();
  offerScopes(part("scope"));
  show(`已生成${plan.keeps.length}行,其中新增${plan.added}行;保存后生效`);
}

function show(text, isError = false) {
  part("told").textContent = text;
  part("told").classList.toggle("is-error", isError);
}

function forget() {
  part("plan").hidden = true;
  part("add").hidden = box.querySelectorAll("[data-group]").length >= SPECS_MAX;
}

function fill() {
  const inputs = [...box.querySelectorAll("[data-set]")];
  const values = Object.fromEntries(inputs.map((input) => [input.dataset.set, input.value.trim()]));
  const done = setMany(part("scope").value, values);
  show(done || "请填写要设置的价格、库存或编码", !done);
}

if (box && table) {
  readRows();
  offerScopes(part("scope"));
  part("alarm").hidden = !table.querySelector('[name$="-alarm_stock"]');
  part("add").addEventListener("click", () => addGroup().querySelector("[data-name]").focus());
  part("generate").addEventListener("click", generate);
  part("go").addEventListener("click", () => {
    const plan = planned();
    if (plan.refused) show(plan.refused, true);
    else apply(plan);
  });
  part("stay").addEventListener("click", forget);
  part("set-many").addEventListener("click", fill);
  part("scope").addEventListener("focus", () => offerScopes(part("scope")));
  box.addEventListener("keydown", (event) => {
    // Enter would send the page.
    if (event.key === "Enter" && event.target.matches("[data-set], [data-name]")) event.preventDefault();
  });
  box.hidden = false;
}
