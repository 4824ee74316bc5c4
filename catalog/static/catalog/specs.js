// Specs as the table writes them, `颜色:红 尺码:M`, and the rows that they make.

// As the server reads them: the same cuts.
const BETWEEN = /[\s,;\uff0c\uff1b\u3001]+(?=[^\s,:;\uff0c\uff1a\uff1b\u3001]+[:\uff1a])/;
const COLON = /[:\uff1a]/;

export function parsed(text) {
  const specs = {};
  for (const pair of text.trim().split(BETWEEN)) {
    const cut = pair.search(COLON);
    if (cut > 0) specs[pair.slice(0, cut).trim()] = pair.slice(cut + 1).trim();
  }
  return specs;
}

export function written(specs) {
  return Object.entries(specs)
    .map(([name, value]) => `${name}:${value}`)
    .join(" ");
}

export function combinations(groups) {
  return groups.reduce(
    (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

const names = (specs) => Object.keys(specs);
const isWithin = (part, whole) => names(part).every((name) => part[name] === whole[name]);
const isSame = (one, other) => names(one).length === names(other).length && isWithin(one, other);

// Says for each wanted combination which row becomes it; undefined for a new one.
//
// A row of the same specs first. When a spec was added or taken away, a SKU that agrees
// in all the others goes on as the first such combination: its pieces are still there,
// and orders, carts and the ledger know it. A value that is gone takes its SKU along:
// pieces of red ones never become blue ones.
export function matched(rows, wanted, groups) {
  const renamed = new Map(groups.filter((group) => group.was).map((group) => [group.was, group.name]));
  const now = rows.map(({ specs }) =>
    Object.fromEntries(Object.entries(specs).map(([name, value]) => [renamed.get(name) ?? name, value])),
  );
  const found = wanted.map(() => undefined);
  const used = new Set();
  const match = (fits) => {
    wanted.forEach((specs, index) => {
      if (found[index] !== undefined) return;
      const row = now.findIndex((own, number) => !used.has(number) && fits(own, specs, rows[number]));
      if (row < 0) return;
      found[index] = row;
      used.add(row);
    });
  };
  match(isSame);
  match((own, specs, row) => row.isSaved && !row.isDeleted && (isWithin(own, specs) || isWithin(specs, own)));
  // A row that nobody has saved, or filled in, takes any.
  match((own, specs, row) => !row.isSaved && !names(own).length);
  return found;
}
