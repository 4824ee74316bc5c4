// Prices, stocks and codes of many rows of the table of SKUs at once.
import { field, isSaved, put, rowsAll, rowsKept, specsOf } from "./sku_rows.js";
import { written } from "./specs.js";

const pairsOf = (row) => Object.entries(specsOf(row)).map(([name, value]) => written({ [name]: value }));

// Offers all rows, and those of each value of the specs.
export function offerScopes(select) {
  const chosen = select.value;
  const pairs = new Set(rowsKept().flatMap(pairsOf));
  const options = [...pairs].map((pair) => new Option(pair, pair));
  select.replaceChildren(new Option("全部规格", ""), ...options);
  if (pairs.has(chosen)) select.value = chosen;
}

// Returns what staff are told; empty when there is nothing to set.
export function setMany(scope, values) {
  if (!Object.values(values).some(Boolean)) return "";
  const rows = rowsKept().filter((row) => !scope || pairsOf(row).includes(scope));
  for (const row of rows) {
    for (const name of ["price", "alarm_stock", "weight_grams"]) {
      if (values[name] && field(row, name)) put(field(row, name), values[name]);
    }
    if (values.stock && !isSaved(row)) put(field(row, "stock"), values.stock);
  }
  if (values.code) fillCodes(rows, values.code);
  const saved = rows.filter(isSaved).length;
  const kept = values.stock && saved ? `;${saved}个已有SKU的库存没有改,请用“批量调整库存”` : "";
  return `已填入${rows.length}行,保存后生效${kept}`;
}

// A code that is there stays: it may be on a label already.
function fillCodes(rows, prefix) {
  const used = new Set(rowsAll().map((row) => field(row, "code").value));
  let number = 0;
  for (const row of rows.filter((one) => !field(one, "code").value)) {
    let code;
    do {
      number += 1;
      code = `${prefix}-${String(number).padStart(2, "0")}`;
    } while (used.has(code));
    used.add(code);
    put(field(row, "code"), code);
  }
}
