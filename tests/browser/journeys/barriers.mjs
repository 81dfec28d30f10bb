// axe-core over every page in every language, narrow and wide, light and dark; with scripts on, since it is
// one itself. On the way, a picture of every page if asked for.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { DESK, PHONE, open } from "../lib/browsers.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/** Every page of `pages` in one theme; gives how many were looked at. */
export async function barriers({ kind, folder, dark, pages, sizes = [PHONE, DESK], pictures }) {
  const visitor = await open(kind, folder, { scripts: true, dark });
  const faults = [];
  let looked = 0;
  try {
    for (const { name, url, status, tag = "all" } of pages) {
      assert.equal(await visitor.goto(url), status, `${tag} ${name}`);
      for (const size of sizes) {
        await visitor.resize(size);
        const at = `${tag} ${name} at ${size.width}, ${dark ? "dark" : "light"}`;
        if (pictures) await visitor.shot(join(pictures, `${kind} ${at}.png`.replace(/,? /g, "-")));
        faults.push(...(await look(visitor)).map((fault) => `${at}: ${fault}`));
        looked += 1;
      }
    }
    await visitor.close();
  } finally {
    await visitor.forget();
  }
  assert.deepEqual(faults, []);
  return looked;
}

async function look(visitor) {
  await visitor.see(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
  const over = await visitor.see(() => document.documentElement.scrollWidth - innerWidth);
  if (!(await visitor.see(() => typeof globalThis.axe === "object"))) await visitor.see(axe);
  const found = await visitor.see(async (rules) => {
    const { violations, passes } = await globalThis.axe.run({ runOnly: rules });
    return { passes: passes.length, named: violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`) };
  }, RULES);
  assert.ok(found.passes > 10, "axe-core looked at nothing");
  return [...found.named, ...(over > 0 ? [`${over} px too wide`] : [])];
}

/** The control: a page with faults has them found. */
export async function barriersAreFound({ kind, folder, site }) {
  const visitor = await open(kind, folder, { scripts: true });
  try {
    await visitor.goto(`${site}/en/about`);
    await visitor.see(() => {
      document.documentElement.removeAttribute("lang");
      document.querySelector("main p").style.color = "#aaa";
      document.querySelector("main").append(Object.assign(document.createElement("input"), { style: "width:2000px" }));
    });
    const found = (await look(visitor)).join("\n");
    for (const fault of ["html-has-lang", "color-contrast", "label", "px too wide"]) assert.ok(found.includes(fault), `${fault} is not among:\n${found}`);
  } finally {
    await visitor.forget();
  }
}
