// What goes wrong on the way, and what must not be lost: nothing written, files too many or too large, an
// intake that closes while somebody writes, somebody who leaves in the middle. Scripts off, by keyboard.
import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { open } from "../lib/browsers.mjs";
import { WRITTEN, pause } from "../lib/machine.mjs";
import { traces } from "../lib/traces.mjs";
import { words } from "../lib/words.mjs";
import { SENDING } from "./form.mjs";

const { SEND, BURN, nothingTyped, receipt } = SENDING;
const ONCE = /\/once\/[\w-]{43}$/;
const MEGABYTE = 1 << 20;

/** One visit, scripts off, and after it the search for everything that was typed. */
async function visit({ kind, folder, size, dark }, work) {
  const mark = words();
  const visitor = await open(kind, folder, { size, dark });
  try {
    const told = await work(visitor, mark);
    await visitor.close();
    assert.deepEqual(await traces(visitor.folder, [mark.latin, mark.both, mark.told]), [], "on the disk");
    return told;
  } finally {
    await visitor.forget();
  }
}

const tell = async (visitor, mark) => {
  await visitor.tabTo("#story");
  await visitor.type(`${mark.latin} ${mark.both}`);
};
const story = (visitor) => visitor.see(() => document.querySelector("#story")?.value);
const page = (visitor) => visitor.see(() => document.body.innerText);

/** Files of no bytes, of 200 MB, and with names in Cyrillic; gives their hashes. */
export async function files(round) {
  const { folder, site, tag, megabytes } = round;
  return visit(round, async (visitor, mark) => {
    const made = [
      [`Сүрөт ${mark.told} ўқғҳ.jpg`, await make(join(folder, `Сүрөт ${mark.told} ўқғҳ.jpg`), 3)],
      [`бош ${mark.told}.txt`, await make(join(folder, `бош ${mark.told}.txt`), 0)],
      [`${mark.told}.mp4`, await make(join(folder, `${mark.told}.mp4`), megabytes)],
    ];
    await visitor.goto(`${site}/${tag}`);
    await tell(visitor, mark);
    await visitor.attach(...made.map(([name]) => join(folder, name)));
    await pause(WRITTEN);
    await visitor.enter(SEND, ONCE, 300);
    await receipt(visitor);
    const shown = await page(visitor);
    for (const [name] of made) assert.ok(!shown.includes(name), `${name} is said to be missing:\n${shown}`);
    return { mark: mark.latin, texts: [`${mark.latin} ${mark.both}`], hashes: made };
  });
}

/** A file that looks like film, made on the fly; gives its SHA-256. */
async function make(path, megabytes) {
  const film = createCipheriv("aes-128-ctr", randomBytes(16), randomBytes(16));
  const [hash, out] = [createHash("sha256"), createWriteStream(path)];
  for (let n = 0; n < megabytes; n += 1) {
    const piece = film.update(Buffer.alloc(MEGABYTE));
    hash.update(piece);
    if (!out.write(piece)) await new Promise((resolve) => out.once("drain", resolve));
  }
  out.end();
  await finished(out);
  return hash.digest("hex");
}

/** Files beyond the limits: the words are taken in, the page names the files; Back shows no words. */
export async function overLimits(round) {
  const { folder, site, tag } = round;
  await visit(round, async (visitor, mark) => {
    const names = ["large", "whole", "third"].map((name) => join(folder, `${name}-${mark.told}.jpg`));
    for (const [n, megabytes] of [[0, 3], [1, 0.1], [2, 0.1]]) await writeFile(names[n], Buffer.alloc(megabytes * MEGABYTE, 7));
    await visitor.goto(`${site}/${tag}`);
    await tell(visitor, mark);
    await visitor.attach(...names);
    await visitor.enter(SEND, ONCE);
    await receipt(visitor);
    const shown = await page(visitor);
    for (const [name, kept] of [["large", false], ["whole", true], ["third", false]]) assert.equal(!shown.includes(`${name}-${mark.told}.jpg`), kept, `${name}: ${shown}`);
    await visitor.back(new RegExp(`/${tag}$`));
    await nothingTyped(visitor, mark, "back from over the limits");
  });
}

/** A text that is too long comes back whole with the place named; cut to what fits, it is taken in. */
export async function tooLong(round) {
  const { site, tag } = round;
  await visit(round, async (visitor, mark) => {
    const long = `${mark.latin} ${"Өтө узун. ".repeat(150)}`;
    await visitor.goto(`${site}/${tag}`);
    await tell(visitor, mark);
    await visitor.tabTo('input[name="condition"]');
    await visitor.type(long);
    await pause(WRITTEN);
    await visitor.enter(SEND, ONCE);
    assert.ok(await visitor.see(() => document.querySelector("[role=alert]").getBoundingClientRect().top < innerHeight), "the error is in view");
    assert.equal(await visitor.see(() => document.querySelector("[name=condition]").value), long);
    assert.equal(await story(visitor), `${mark.latin} ${mark.both}`);
    await visitor.tabTo("[role=alert] a");
    await visitor.press("Enter");
    await visitor.at(/#condition$/);
    assert.ok(await visitor.see(() => document.querySelector("#condition").matches(":target:focus[aria-invalid]")), "the link leads into the field");
    await visitor.press("Control+a");
    await visitor.press("Delete");
    await visitor.enter(SEND, ONCE);
    await receipt(visitor);
    await visitor.enter(BURN, /\/leave$/);
  });
}

/** Nothing written: the form comes back with what was ticked; reload keeps it, Back gives an empty form. */
export async function empty(round) {
  const { site, tag } = round;
  await visit(round, async (visitor, mark) => {
    await visitor.goto(`${site}/${tag}`);
    await visitor.tabTo('input[name="box"]');
    await visitor.press("Space");
    await visitor.tabTo('input[name="contact-sign"]');
    await visitor.type(mark.both);
    await visitor.enter(SEND, ONCE);
    const came = () => visitor.see(() => [document.querySelector("[role=alert]") !== null, document.querySelector("[name=box]").checked, document.querySelector("[name=contact-sign]").value]);
    assert.deepEqual(await came(), [true, true, mark.both]);
    assert.equal(await visitor.reload(), 200);
    assert.deepEqual(await came(), [true, true, mark.both], "after a reload");
    await visitor.back(new RegExp(`/${tag}$`));
    await nothingTyped(visitor, mark, "back from the refusal");
    await visitor.forward(ONCE);
    assert.deepEqual(await came(), [true, true, mark.both], "forward again");
    await tell(visitor, mark);
    await visitor.enter(SEND, ONCE);
    await receipt(visitor);
    await visitor.back(ONCE);
    assert.deepEqual(await came(), [true, true, mark.both], "the refusal is a page of its own for half an hour");
  });
}

/** The intake closes while somebody writes: the words come back, and go in when it opens again. */
export async function closed({ house, ...round }) {
  const { kind, tag } = round;
  const name = `closing-${kind}`;
  await visit(round, async (visitor, mark) => {
    let server = await house.beside(name);
    const again = async (keyring) => {
      await server.stop();
      server = await house.beside(name, { keyring, port: server.port });
    };
    await visitor.goto(`${server.site}/${tag}`);
    await tell(visitor, mark);
    await again(false);
    await visitor.enter(SEND, ONCE);
    assert.equal(await story(visitor), `${mark.latin} ${mark.both}`);
    assert.equal(await visitor.reload(), 200);
    assert.equal(await story(visitor), `${mark.latin} ${mark.both}`, "after a reload");
    await again(true);
    await visitor.enter(SEND, ONCE);
    await receipt(visitor);
    await again(false);
    assert.equal(await visitor.goto(`${server.site}/${tag}`), 503);
    assert.equal(await visitor.reload(), 503);
    await server.stop();
  });
}

/** Leaving in the middle: the words are on no page to which Back leads. */
export async function leaving(round) {
  const { site, tag } = round;
  await visit(round, async (visitor, mark) => {
    const form = new RegExp(`/${tag}$`);
    await visitor.goto(`${site}/${tag}`);
    await tell(visitor, mark);
    await pause(WRITTEN);
    await visitor.enterBackwards("header a", /\/leave$/);
    await visitor.back(form);
    await nothingTyped(visitor, mark, "back from leaving");
    await visitor.reload();
    await nothingTyped(visitor, mark, "back and reload");
    await visitor.forward(/\/leave$/);
    await visitor.reload();
  });
}

/** A reload in the middle of writing, and a machine that is switched off: nothing is on the disk. */
export async function switchedOff({ kind, folder, site, tag, size, dark }) {
  const mark = words();
  const visitor = await open(kind, folder, { size, dark });
  try {
    await visitor.goto(`${site}/${tag}`);
    await tell(visitor, mark);
    await visitor.reload();
    await nothingTyped(visitor, mark, "after a reload");
    await tell(visitor, mark);
    await pause(WRITTEN);
    await visitor.kill();
    assert.deepEqual(await traces(visitor.folder, [mark.latin, mark.both]), [], "on the disk");
  } finally {
    await visitor.forget();
  }
}
