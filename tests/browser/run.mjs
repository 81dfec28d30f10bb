// Witnesses in real browsers, Chromium and Firefox, against real servers: without scripts, by keyboard, in five
// languages, on a phone and on a desk, light and dark; then a search of everything that the browser left.
//   node tests/browser/run.mjs              every journey, each language in each browser once (tests/all)
//   node tests/browser/run.mjs --full       every language, width and theme in both browsers (tests/nightly)
//   ... --only chromium | firefox           one browser
//   ... --pictures DIR                      a picture of every page, to be looked at
//   ... --readme DIR                        the README's pictures, and nothing else
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inFolder, missing } from "./lib/machine.mjs";

const { values: asked } = parseArgs({ options: { full: { type: "boolean", default: false }, only: { type: "string" }, pictures: { type: "string" }, readme: { type: "string" } } });
const kinds = ["chromium", "firefox"].filter((kind) => !asked.only || asked.only === kind);
const lacks = await missing(kinds);
if (lacks.length > 0) {
  console.error(`${lacks.join("\n")}\ntests/install brings what is missing; nothing was run`);
  process.exit(2);
}

const { BROWSERS, DESK, PHONE, open } = await import("./lib/browsers.mjs");
const { House } = await import("./lib/servers.mjs");
const pagesOf = await import("./lib/pages.mjs");
const { barriers, barriersAreFound } = await import("./journeys/barriers.mjs");
const { whole } = await import("./journeys/form.mjs");
const search = await import("./journeys/search.mjs");
const sending = await import("./journeys/sending.mjs");
const mailbox = await import("./journeys/mailbox.mjs");

const TAGS = ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"];
const SMALL = "files = 2\nfile_bytes = 1048576\ntestimony_bytes = 2097152";
const began = Date.now();
let [passed, failed] = [0, 0];

async function check(name, work) {
  const start = Date.now();
  let told;
  try {
    told = await work();
    passed += 1;
    console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
  return told;
}

/** Size and theme of the n-th round: the two browsers have all four between them, in every language. */
function rounds(kind) {
  const shapes = [PHONE, DESK].flatMap((size) => [false, true].map((dark) => ({ size, dark })));
  if (asked.full) return TAGS.flatMap((tag) => shapes.map((shape) => ({ tag, ...shape })));
  const shift = BROWSERS.indexOf(kind) * 2;
  return TAGS.map((tag, n) => ({ tag, ...shapes[(n + shift) % 4] }));
}

const named = ({ kind, tag, size, dark }) => `${kind}, ${tag}, ${size.width} px, ${dark ? "dark" : "light"}`;

/** All journeys of one browser; gives what the reviewers must find. */
async function journeys(kind, { folder, house, servers, earlier }) {
  const sent = [];
  const told = async (name, work) => sent.push(await check(name, work));
  const site = servers.open.site;
  const base = { kind, folder, site, house };
  await check(`${kind}: the search finds what a careless site leaves`, () => search.careless(base));
  await check(`${kind}: axe-core finds what is wrong`, () => barriersAreFound(base));
  for (const [n, round] of rounds(kind).entries()) {
    const all = { ...base, ...round };
    await told(`${named(all)}: the whole form by keyboard, nothing left behind`, () => whole({ ...all, hard: n % 2 === 1 }));
  }
  await told(`${kind}: the same with scripts on`, () => whole({ ...base, tag: "uz-Latn", size: PHONE, dark: true, scripts: true }));
  const lanes = asked.full ? TAGS : TAGS.filter((_, n) => n % 2 === BROWSERS.indexOf(kind));
  for (const [n, tag] of lanes.entries()) {
    const round = { ...base, tag, size: n % 2 ? DESK : PHONE, dark: n % 2 === 0, megabytes: 200 };
    const small = { ...round, site: servers.small.site };
    const all = [
      ["nothing written, and Back, reload, forward", () => sending.empty(round)],
      ["files beyond the limits, the words are kept", () => sending.overLimits(small)],
      ["a text that is too long comes back with its place", () => sending.tooLong(round)],
      ["leaving in the middle", () => sending.leaving(round)],
      ["switched off in the middle of writing", () => sending.switchedOff(round)],
    ];
    const some = asked.full ? all : all.filter((_, at) => (at + n) % 2 === 0);
    for (const [name, work] of some) await check(`${named(round)}: ${name}`, work);
  }
  const round = { ...base, tag: lanes[0], size: PHONE, dark: false };
  await check(`${named(round)}: the intake closes in the middle of writing`, () => sending.closed(round));
  await told(`${named(round)}: files of 0 bytes and 200 MB, names in Cyrillic`, () => sending.files({ ...round, megabytes: 200 }));
  const back = earlier.filter((one) => one.kind === kind);
  for (const [n, one] of back.entries()) {
    const round = { ...base, tag: one.tag, size: n % 2 ? DESK : PHONE, dark: n % 2 === 0, earlier: one, withdraws: (n + BROWSERS.indexOf(kind)) % 2 === 1 };
    await told(`${named(round)}: back with the code, ${round.withdraws ? "and every way on" : "and every way on but the last"}`, () => mailbox.wayBack(round));
  }
  await everyBarrier(kind, folder, await everyPage(servers));
  return sent;
}

/** axe-core over every page; in short, two of the four shapes in each browser. */
async function everyBarrier(kind, folder, pages) {
  for (const dark of [false, true]) {
    const crossed = dark === (kind === "chromium") ? [DESK] : [PHONE];
    const sizes = asked.full ? [PHONE, DESK] : crossed;
    const name = `${kind}, ${dark ? "dark" : "light"}, ${sizes.map((size) => size.width).join(" and ")} px: no barrier that axe-core knows on ${pages.length} pages`;
    await check(name, () => barriers({ kind, folder, dark, sizes, pages, pictures: asked.pictures }));
  }
}

/** Every page there is. In short, of the six refusals of a form one for each language: they differ in one sentence. */
async function everyPage(servers) {
  const pages = pagesOf.commonPages(servers);
  for (const [n, tag] of TAGS.entries()) {
    const all = await pagesOf.everyPage(servers, tag);
    const again = all.filter(({ name }) => name.startsWith("again"));
    const less = all.filter((page) => !again.includes(page) || again.indexOf(page) === n % again.length);
    pages.push(...(asked.full ? all : less).map((page) => ({ tag, ...page })));
  }
  return pages;
}

/** A testimony for each who comes back: in every language in Chromium, in one (or all) in Firefox; all answered. */
async function answered(house, site) {
  const earlier = [];
  for (const kind of kinds) {
    const tags = kind === "chromium" || asked.full ? TAGS : [asked.only ? "ky" : "ru"];
    for (const tag of tags) earlier.push({ kind, ...(await mailbox.before(site, tag)) });
  }
  await house.answer(earlier.map(({ story, answer }) => [story, `${answer.latin} ${answer.told}`]));
  return earlier;
}

/** What was sent is what a guardian reads, word for word and bit for bit, and nothing came twice; files of what was withdrawn stay shut. */
async function arrived(house, sent) {
  const opened = await house.read();
  for (const { mark, texts, file, hashes, withdrawn } of sent.filter(Boolean)) {
    const [one, ...more] = opened.filter(({ text }) => text.includes(mark));
    assert.ok(one && more.length === 0, `${mark}: ${one ? more.length + 1 : 0} testimonies`);
    const words = allWords(JSON.parse(one.text));
    for (const text of texts) assert.ok(words.includes(text), `${mark}: “${text}” is not there`);
    if (withdrawn) {
      await assert.rejects(one.files, /withdrew it/, `${mark}: files of what was withdrawn`);
      continue;
    }
    const { folder } = await one.files();
    const came = await Promise.all((await readdir(folder)).filter((name) => /^\d+/.test(name)).map((name) => hashOf(join(folder, name))));
    const wanted = hashes ? hashes.map(([, hash]) => hash) : [createHash("sha256").update(file.bytes).digest("hex")];
    assert.deepEqual(came.sort(), wanted.sort(), `${mark}: files`);
    const names = await readFile(join(folder, "exhibits.json"), "utf8");
    for (const name of hashes ? hashes.map(([name]) => name) : [file.name]) assert.ok(names.includes(name), `${name} is not in ${names}`);
  }
}

const hashOf = async (path) => createHash("sha256").update(await readFile(path)).digest("hex");

/** Every text in a JSON value. */
function allWords(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(allWords) : [];
}

async function readmePictures(folder, site) {
  for (const [tag, name, size] of [["en", "form-en.png", { width: 900, height: 1100 }], ["ky", "form-ky-phone.png", PHONE]]) {
    const visitor = await open("chromium", folder, { size });
    await visitor.goto(`${site}/${tag}`);
    await visitor.shot(join(asked.readme, name), { whole: false });
    await visitor.forget();
  }
}

await inFolder("browser", async (folder) => {
  const house = await House.build(folder);
  try {
    const servers = { open: await house.open() };
    if (asked.readme) return await readmePictures(folder, servers.open.site);
    servers.small = await house.beside("small", { limits: SMALL });
    servers.shut = await house.beside("shut", { keyring: false });
    if (asked.pictures) await mkdir(asked.pictures, { recursive: true });
    await check("the search finds every spelling and packing", () => search.planted({ folder }));
    const earlier = (await check("a guardian answers what was sent before", () => answered(house, servers.open.site))) ?? [];
    const sent = await Promise.all(kinds.map((kind) => journeys(kind, { folder, house, servers, earlier })));
    await check("a guardian reads what was sent, word for word and bit for bit", () => arrived(house, sent.flat()));
    if (asked.full) {
      const busy = await pagesOf.makeBusy(servers.small, "ky");
      for (const kind of kinds) await check(`${kind}: no barrier on the busy page`, () => barriers({ kind, folder, dark: false, pages: [{ tag: "ky", ...busy.page }], pictures: asked.pictures }));
      busy.free();
    }
  } finally {
    await house.close();
  }
});
if (!asked.readme) console.log(`${passed} passed, ${failed} failed, ${Math.round((Date.now() - began) / 1000)} s`);
process.exit(failed === 0 ? 0 : 1);
