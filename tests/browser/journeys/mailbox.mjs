// The way back, scripts off, by keyboard: type the code, read the answer, delete it, write again with a file,
// correct, choose other uses, withdraw, leave; then Back, reload, and a search of everything that was left.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "../lib/browsers.mjs";
import { WRITTEN, pause } from "../lib/machine.mjs";
import { part, receiptOf, send } from "../lib/pages.mjs";
import { codeWords, traces } from "../lib/traces.mjs";
import { words } from "../lib/words.mjs";
import { SENDING } from "./form.mjs";

const { SEND, BURN, nothingTyped } = SENDING;
const ONCE = /\/once\/[\w-]{43}$/;

/** A testimony of before, in that language: its code, and what its answer will say. */
export async function before(site, tag) {
  const [story, answer] = [words(), words()];
  const place = await send(site, tag, [part("story", `${story.latin} of before`)]);
  return { tag, story: story.latin, answer, ...(await receiptOf(site + place)) };
}

/** Comes back with the code, and withdraws at the end or does not; gives what the reviewers must find. */
export async function wayBack({ kind, folder, site, tag, size, dark, earlier, withdraws }) {
  const mark = words();
  const photo = join(folder, `${mark.both}.jpg`);
  await writeFile(photo, `${mark.told} `.repeat(2000));
  const typed = earlier.words ? earlier.words.join(" ") : earlier.code;
  const visitor = await open(kind, folder, { dark, size });
  const page = () => visitor.see(() => document.body.innerText);
  try {
    await visitor.goto(`${site}/${tag}`);
    await visitor.enter('main a[href$="/mailbox"]', /\/mailbox$/);
    await mistyped(visitor, earlier, typed);
    await opened(visitor);
    assert.ok((await page()).includes(earlier.answer.told), `no answer on:\n${await page()}`);
    assert.equal(await visitor.reload(), 200);
    assert.ok((await page()).includes(earlier.answer.told), "after a reload");
    await visitor.enter("button.q", ONCE);
    await opened(visitor);
    assert.ok(!(await page()).includes(earlier.answer.told), "deleted");
    await write(visitor, mark, photo);
    await ask(visitor, "correct", mark, "#story");
    await ask(visitor, "consent", mark, 'input[name="condition"]');
    if (withdraws) await ask(visitor, "withdraw", mark, 'textarea[name="pressure"]');
    await visitor.enter(BURN_LAST, new RegExp(`/${tag}/leave$`));
    await visitor.back(ONCE);
    assert.equal(await visitor.reload(), 404, "burned");
    await nothingTyped(visitor, mark, "back and reload");
    await visitor.close();
    const spelt = earlier.words ? [" ", "-", "</li><li>", "%20"].map((gap) => earlier.words.slice(0, 3).join(gap)) : [];
    const found = await traces(visitor.folder, [mark.latin, mark.both, mark.told, earlier.answer.told, earlier.answer.latin, ...codeWords(earlier.code), ...spelt]);
    assert.deepEqual(found, [], "what was typed or shown is on the disk");
    return { mark: `${mark.latin} write`, withdrawn: withdraws, texts: [`${mark.latin} write ${mark.both}`], file: { name: `${mark.both}.jpg`, bytes: `${mark.told} `.repeat(2000) } };
  } finally {
    await visitor.forget();
  }
}

/** The button for leaving stands last, after those of the answers. */
const BURN_LAST = 'main form[action$="/done"] button';

/** Two neighbours swapped: a question, nothing opened; "yes" opens what was meant. */
async function mistyped(visitor, earlier, typed) {
  const swapped = earlier.words ? [earlier.words[1], earlier.words[0], ...earlier.words.slice(2)] : null;
  const wrong = swapped && earlier.words[0] !== earlier.words[1] ? swapped.join(" ") : null;
  await visitor.tabTo('input[name="receipt"]');
  await visitor.type(wrong ?? typed);
  await pause(WRITTEN);
  await visitor.enter("main form button", ONCE);
  if (wrong && (await visitor.see(() => document.querySelector('form[action$="/open"]') !== null))) {
    const offered = await visitor.see(() => [...document.querySelectorAll("ol.w li")].map((word) => word.textContent));
    assert.deepEqual(offered, earlier.words, "what was meant is offered");
    const asked = await visitor.see(() => location.href);
    await visitor.enter('form[action$="/open"] button', ONCE);
    assert.notEqual(await visitor.see(() => location.href), asked);
  } else if (wrong) {
    // More than one swap fits the check: the code comes back to be corrected.
    await visitor.tabTo('input[name="receipt"]');
    await visitor.press("Control+a");
    await visitor.type(typed);
    await visitor.enter("main form button", ONCE);
  }
}

/** Waits through the waiting page, which comes again by itself. */
async function opened(visitor) {
  for (let n = 0; n < 120; n += 1) {
    if (await visitor.see(() => document.querySelector('form[action$="/done"]') !== null).catch(() => false)) return;
    await pause(500);
  }
  throw new Error(`the mailbox did not open:\n${await visitor.see(() => document.body.innerText)}`);
}

async function write(visitor, mark, photo) {
  await visitor.enter('a[href$="/write"]', /\/write$/);
  await visitor.tabTo("#story");
  await visitor.type(`${mark.latin} write ${mark.both}`);
  await visitor.attach(photo);
  await pause(WRITTEN);
  await visitor.enter(SEND, ONCE, 120);
  await kept(visitor);
}

/** One of the smaller forms: words in one field, and whether it is free. */
async function ask(visitor, place, mark, field) {
  await visitor.enter(`a[href$="/${place}"]`, new RegExp(`/${place}$`));
  assert.equal(await visitor.see(() => document.querySelectorAll("input:checked").length), 0, "nothing is ticked before");
  await visitor.tabTo(field);
  await visitor.type(`${mark.latin} ${place} ${mark.both}`);
  await visitor.enter(SEND, ONCE, 120);
  await kept(visitor);
}

async function kept(visitor) {
  await opened(visitor);
  assert.ok(await visitor.see(() => document.querySelector("p.n[role=status]") !== null), "it says that it came");
}
