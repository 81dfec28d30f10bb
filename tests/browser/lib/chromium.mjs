// Debian's Chromium under playwright-core, with a profile folder that stays until we search it.
import { readFile, readdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { PATIENCE, pathOf } from "./machine.mjs";

const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
/** Playwright would switch these off or on; a person's Chromium does not. */
const UNLIKE_A_PERSON = ["--disable-back-forward-cache"];

export async function openChromium({ home, profile, sink, scripts, dark, size }) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: pathOf("chromium"),
    args: [...QUIET, `--proxy-server=http://127.0.0.1:${sink}`],
    ignoreDefaultArgs: UNLIKE_A_PERSON,
    env: home,
    viewport: size,
    colorScheme: dark ? "dark" : "light",
    javaScriptEnabled: scripts,
    bypassCSP: scripts,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(PATIENCE);
  const cdp = await context.newCDPSession(page);
  const go = async (steps) => {
    const { currentIndex, entries } = await cdp.send("Page.getNavigationHistory");
    await cdp.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex + steps].id });
  };
  return {
    goto: async (url) => (await page.goto(url)).status(),
    reload: async () => (await page.reload()).status(),
    back: () => go(-1),
    forward: () => go(1),
    url: () => page.url(),
    see: (look, about) => page.evaluate(look, about),
    press: (key) => page.keyboard.press(key),
    // Letters outside of the driver's keyboard come this way anyhow, and one by one they take a minute a form.
    type: (text) => page.keyboard.insertText(text),
    attach: (selector, files) => page.locator(selector).setInputFiles(files),
    resize: (to) => page.setViewportSize(to),
    shot: (path, whole) => page.screenshot({ path, fullPage: whole }),
    close: () => context.close(),
    kill: async () => {
      const gone = new Promise((resolve) => context.on("close", resolve));
      for (const pid of await mainProcesses(profile)) process.kill(pid, "SIGKILL");
      await gone;
    },
  };
}

/** The main process that works on this profile, which we started. */
async function mainProcesses(profile) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (words.includes(`--user-data-dir=${profile}`) && !words.includes("--type=")) found.push(Number(pid));
  }
  return found;
}
