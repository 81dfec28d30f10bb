// What the machine must have, said clearly if it has not; free ports; folders that leave nothing.
import { rmSync } from "node:fs";
import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The oldest Node that the pinned packages run on; Debian 12 has it, and so README.md names it. */
const NODE = 18;
const TOOLS = {
  chromium: { path: "/usr/bin/chromium", from: "the Debian package chromium" },
  firefox: { path: "/usr/bin/firefox-esr", from: "the Debian package firefox-esr" },
};
const PACKAGES = ["axe-core", "lz4js", "playwright-core", "puppeteer-core", "snappyjs"];

export const SANDYK = process.env.SANDYK ?? "target/debug/sandyk";
export const pathOf = (browser) => TOOLS[browser].path;

/** Every sentence about something that is missing; none if all is there. */
export async function missing(browsers) {
  const lacks = [];
  const major = Number(process.versions.node.split(".")[0]);
  if (major < NODE) lacks.push(`Node ${NODE} or newer is needed, this is ${process.version}`);
  const runs = (path) => access(path, constants.X_OK).then(() => true, () => false);
  for (const browser of browsers) {
    const { path, from } = TOOLS[browser];
    if (!(await runs(path))) lacks.push(`${path} is missing: it comes with ${from}`);
  }
  for (const name of PACKAGES) {
    const folder = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    if (!(await access(folder).then(() => true, () => false))) lacks.push(`the npm package ${name} is missing in tests/browser`);
  }
  if (!(await runs(SANDYK))) lacks.push(`${SANDYK} is missing: cargo build makes it, or SANDYK names another`);
  return lacks;
}

const endings = new Set();
process.on("exit", () => {
  for (const end of [...endings].reverse()) {
    try {
      end();
    } catch {
      // What is gone already needs no end.
    }
  }
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

/** Ends what was started when this run ends early; gives what to call when it has ended by itself. */
export function atTheLatest(end) {
  endings.add(end);
  return () => endings.delete(end);
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A folder that is gone when `work` has ended, however it ended. */
export async function inFolder(name, work) {
  const folder = await mkdtemp(join(tmpdir(), `sandyk-${name}-`));
  const settled = atTheLatest(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    settled();
  }
}

/** Milliseconds after which both browsers have written down what is open. */
export const WRITTEN = 2500;

/** Milliseconds that a browser may take for one page; a busy server answers after half a minute. */
export const PATIENCE = 120_000;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again until the answer is not false, undefined or null; names `what` if it never is. */
export async function until(what, ask, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(100);
  }
}
