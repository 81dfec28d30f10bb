// A witness's journey in a real browser without scripts, in five languages, at 360 pixels and on a desktop,
// against a real server; then axe-core over every page, and a search of the browser's profile for what was
// typed. Run by tests/all; `node tests/browser/run.mjs --pictures DIR` also writes the README's pictures.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const major = Number(process.versions.node.split(".")[0]);
if (major < 18) {
  console.error(`Node 18 or newer is needed, this is ${process.version}: run tests/install`);
  process.exit(2);
}

const TAGS = ["ky", "ru", "uz-Cyrl", "uz-Latn", "en"];
const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 900 }];
const BROWSER = {
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
};
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.argv[2] === "--pictures" ? process.argv[3] : null;
let passed = 0;
let failed = 0;

async function check(name, work) {
  try {
    await work();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function start(folder) {
  const [intake, desk] = [await freePort(), await freePort()];
  const binary = process.env.SANDYK ?? "target/debug/sandyk";
  const demo = spawn(binary, ["demo", "--folder", join(folder, "demo"), "--intake", `127.0.0.1:${intake}`, "--desk", `127.0.0.1:${desk}`], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const up = new Promise((resolve, reject) => {
    const hear = (piece) => {
      said += piece;
      if (said.includes("The form is open until")) resolve();
    };
    demo.stdout.on("data", hear);
    demo.stderr.on("data", hear);
    demo.on("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
    setTimeout(() => reject(new Error(`the demo did not come up:\n${said}`)), 180_000).unref();
  });
  await up.catch((error) => {
    demo.kill("SIGINT");
    throw error;
  });
  return { demo, site: `http://127.0.0.1:${intake}` };
}

async function filesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** The files of a browser's profile in which a text stands, as UTF-8 or UTF-16. */
async function traces(profile, text) {
  const needles = [Buffer.from(text, "utf8"), Buffer.from(text, "utf16le")];
  const found = [];
  for (const path of await filesBelow(profile)) {
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(needle))) found.push(path);
  }
  return found;
}

/** One witness without scripts: tells, attaches, notes the code, leaves. */
async function journey(site, tag, viewport, folder) {
  const profile = await mkdtemp(join(folder, "profile-"));
  const marker = `Marker${tag.replace("-", "")}${viewport.width}Қўшни`;
  const context = await chromium.launchPersistentContext(profile, { ...BROWSER, viewport, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${site}/`);
  await page.locator(`a[hreflang="${tag}"]`).first().click();
  assert.equal(await page.locator("html").getAttribute("lang"), tag);
  const width = await page.locator("body").evaluate((body) => body.scrollWidth).catch(() => null);
  if (width !== null) assert.ok(width <= viewport.width, `the form is ${width} wide`);
  await page.locator('textarea[name="story"]').fill(`${marker} story`);
  await page.locator('input[name="box"]').first().check();
  const photo = join(folder, `${marker}.jpg`);
  await writeFile(photo, Buffer.alloc(70_000, 7));
  await page.locator('input[type="file"]').setInputFiles(photo);
  await page.locator('form[enctype] button').last().click();
  await page.waitForURL(/\/once\//);
  const code = (await page.locator("p.k").first().innerText()).replace(/\D/g, "");
  assert.equal(code.length, 27);
  await page.reload();
  assert.equal((await page.locator("p.k").first().innerText()).replace(/\D/g, ""), code, "a reload keeps it");
  const address = page.url();
  await page.locator('form[method="post"] button').click();
  await page.waitForURL(/\/leave$/);
  const gone = await page.goto(address);
  assert.equal(gone.status(), 404, "burned");
  await context.close();
  for (const text of [marker, code, code.replace(/(...)(?=.)/g, "$1 ")]) {
    assert.deepEqual(await traces(profile, text), [], `${text} is in the browser's profile`);
  }
}

/** The same journey with nothing in it: the form comes back. */
async function emptySend(site, tag) {
  const browser = await chromium.launch(BROWSER);
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(`${site}/${tag}`);
  await page.locator('input[name="box"]').first().check();
  await page.locator('form[enctype] button').last().click();
  await page.waitForURL(/\/once\//);
  assert.ok(await page.locator('[role="alert"]').isVisible());
  assert.ok(await page.locator('input[name="box"]').first().isChecked(), "what was ticked is still ticked");
  await browser.close();
}

/** axe-core over one page, light and dark, narrow and wide. */
async function barriers(site, path) {
  const browser = await chromium.launch(BROWSER);
  for (const viewport of SIZES) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport, colorScheme, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(`${site}${path}`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${path} is ${overflow} px too wide at ${viewport.width}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      const named = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
      assert.deepEqual(named, [], `${path} at ${viewport.width}, ${colorScheme}`);
      await context.close();
    }
  }
  await browser.close();
}

async function picture(site, path, file, options) {
  const browser = await chromium.launch(BROWSER);
  const page = await browser.newPage(options);
  await page.goto(`${site}${path}`);
  await page.screenshot({ path: file });
  await browser.close();
}

const folder = await mkdtemp(join(tmpdir(), "sandyk-browser-"));
const { demo, site } = await start(folder);
try {
  if (pictures) {
    await picture(site, "/en", join(pictures, "form-en.png"), { viewport: { width: 900, height: 1100 } });
    await picture(site, "/ky", join(pictures, "form-ky-phone.png"), { viewport: { width: 360, height: 740 }, deviceScaleFactor: 1.5 });
  }
  for (const tag of TAGS) {
    for (const size of SIZES) {
      await check(`${tag} at ${size.width} px: told without scripts, nothing left in the profile`, () => journey(site, tag, size, folder));
    }
    await check(`${tag}: an empty form comes back`, () => emptySend(site, tag));
    for (const path of [`/${tag}`, `/${tag}/leave`, `/${tag}/about`, `/${tag}/once/gone`]) {
      await check(`${path}: no barrier that axe-core knows`, () => barriers(site, path));
    }
  }
  await check("/: no barrier that axe-core knows", () => barriers(site, "/"));
} finally {
  demo.removeAllListeners("exit");
  demo.kill("SIGINT");
  await new Promise((resolve) => demo.on("close", resolve));
  await rm(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
