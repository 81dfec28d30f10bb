// The whole form: every question of it, by keyboard, without scripts; then Back and reload after every step,
// and a search of everything that the browser has left.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "../lib/browsers.mjs";
import { WRITTEN, pause } from "../lib/machine.mjs";
import { codeWords, filesBelow, traces } from "../lib/traces.mjs";
import { answerEverything } from "../lib/walk.mjs";
import { words } from "../lib/words.mjs";

const SEND = "form[enctype] button:not(details *)";
const BURN = "main form button";

/** Gives what must have arrived: the texts that were typed, and the file. */
export async function whole({ kind, folder, site, tag, size, dark, scripts = false, hard = false }) {
  const mark = words();
  const photo = join(folder, `${mark.both}.jpg`);
  await writeFile(photo, `${mark.told} `.repeat(3000));
  const visitor = await open(kind, folder, { scripts, dark, size });
  try {
    await visitor.goto(`${site}/`);
    await visitor.enter(`a[hreflang="${tag}"]`, new RegExp(`/${tag}$`));
    assert.equal(await visitor.see(() => document.documentElement.lang), tag);
    await fits(visitor);
    const answers = await answerEverything(visitor, `${mark.latin} ${mark.both}`);
    assert.ok(answers.typed.length >= 40 && answers.chosen.length >= 50, `${answers.typed.length} texts and ${answers.chosen.length} choices`);
    await fits(visitor);
    await visitor.attach(photo);
    await pause(WRITTEN);
    await visitor.press("Enter");
    const code = await receipt(visitor);
    await around(visitor, { tag, code, mark });
    if (hard) await visitor.kill();
    else await visitor.close();
    const found = await traces(visitor.folder, [mark.latin, mark.both, mark.told, ...codeWords(code)]);
    assert.deepEqual(found, [], "what was typed or shown is on the disk");
    const pictures = (await filesBelow(visitor.folder)).filter((path) => /thumbnails/i.test(path) && /\.(png|jpe?g|webp)$/.test(path));
    assert.deepEqual(pictures, [], "a picture of the page is on the disk");
    return { mark: mark.latin, texts: answers.typed.map(([, text]) => text), file: { name: `${mark.both}.jpg`, bytes: `${mark.told} `.repeat(3000) } };
  } finally {
    await visitor.forget();
  }
}

/** Reload, Back and forward between form, receipt and the page for leaving. */
async function around(visitor, { tag, code, mark }) {
  const [form, once] = [new RegExp(`/${tag}$`), /\/once\/[\w-]{43}$/];
  for (const _ of "12") assert.equal(await visitor.reload(), 200);
  assert.equal(await receipt(visitor), code, "a reload keeps it");
  await visitor.back(form);
  await nothingTyped(visitor, mark, "back from the receipt");
  await visitor.reload();
  await nothingTyped(visitor, mark, "back and reload");
  await visitor.forward(once);
  assert.equal(await receipt(visitor), code, "forward again");
  await visitor.enter(BURN, new RegExp(`/${tag}/leave$`));
  await visitor.reload();
  await visitor.back(once);
  await gone(visitor, code, "back from leaving");
  assert.equal(await visitor.reload(), 404, "burned");
  await gone(visitor, code, "back and reload");
  await visitor.back(form);
  await nothingTyped(visitor, mark, "back twice");
  await visitor.forward(once);
  await visitor.forward(/\/leave$/);
}

async function receipt(visitor) {
  await visitor.at(/\/once\/[\w-]{43}$/, 120);
  const code = (await visitor.see(() => document.querySelector("p.k")?.textContent ?? document.body.innerText)).replace(/\s/g, "");
  assert.match(code, /^\d{27}$/);
  return code;
}

async function gone(visitor, code, when) {
  const shown = (await visitor.see(() => document.body.innerText)).replace(/\s/g, "");
  assert.ok(!shown.includes(code.slice(0, 9)), `${when}: the code is shown`);
}

/** No field, no box and no part of the page has what was typed. */
async function nothingTyped(visitor, mark, when) {
  const left = await visitor.see((mark) => {
    const fields = [...document.querySelectorAll("input:not([type=radio],[type=checkbox]),textarea,select")];
    const boxes = document.querySelectorAll("input:checked").length;
    return [...fields.map((field) => field.value).filter(Boolean), ...(boxes ? [`${boxes} boxes`] : []), ...(document.body.innerText.includes(mark) ? ["the page"] : [])];
  }, mark.latin);
  assert.deepEqual(left, [], when);
}

async function fits(visitor) {
  const over = await visitor.see(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `the page is ${over} px too wide`);
}

export const SENDING = { SEND, BURN, receipt, nothingTyped };
