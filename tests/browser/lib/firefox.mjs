// Firefox ESR under puppeteer-core over WebDriver BiDi. We start it ourselves, so that it keeps its own
// settings: what drivers usually set switches off the session files that we want to search.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { PATIENCE, atTheLatest, pathOf } from "./machine.mjs";

/** Nothing that is fetched in the background; and session files written often, so that more can be found. */
const PREFS = {
  "remote.prefs.recommended": false,
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.newtabpage.enabled": false,
  "browser.newtabpage.activity-stream.feeds.system.topstories": false,
  "browser.newtabpage.activity-stream.feeds.weatherfeed": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.blockedURIs.enabled": false,
  "browser.safebrowsing.downloads.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.safebrowsing.provider.mozilla.updateURL": "",
  "browser.search.update": false,
  "browser.sessionstore.interval": 1000,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.aboutwelcome.enabled": false,
  "captivedetect.canonicalURL": "",
  "datareporting.healthreport.uploadEnabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.file.createInChild": true,
  "dom.push.connection.enabled": false,
  "focusmanager.testmode": true,
  "extensions.getAddons.cache.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "extensions.update.enabled": false,
  "media.gmp-manager.updateEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.trr.mode": 5,
  "services.settings.server": "http://127.0.0.1:9/none",
  "toolkit.telemetry.server": "",
  "toolkit.telemetry.unified": false,
};

export async function openFirefox({ home, profile, sink, scripts, dark, size }) {
  const proxy = { "network.proxy.type": 1, "network.proxy.no_proxies_on": "127.0.0.1" };
  for (const what of ["http", "ssl"]) Object.assign(proxy, { [`network.proxy.${what}`]: "127.0.0.1", [`network.proxy.${what}_port`]: sink });
  const looks = { "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1, "javascript.enabled": scripts };
  const lines = Object.entries({ ...PREFS, ...proxy, ...looks }).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  await writeFile(join(profile, "user.js"), `${lines.join("\n")}\n`);
  const child = spawn(pathOf("firefox"), ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"], { env: home, stdio: ["ignore", "ignore", "pipe"], detached: true });
  const stop = () => process.kill(-child.pid, "SIGKILL");
  const settled = atTheLatest(stop);
  const ended = new Promise((resolve) => child.on("close", resolve)).then(settled);
  const browser = await puppeteer.connect({ browserWSEndpoint: `${await address(child, ended)}/session`, protocol: "webDriverBiDi", defaultViewport: null });
  // A tab of its own: in the first one the address bar has the focus, and no page.
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.bringToFront();
  await page.setViewport(size);
  const context = page.mainFrame()._id;
  const go = (delta) => browser.connection.send("browsingContext.traverseHistory", { context, delta });
  return {
    goto: async (url) => (await page.goto(url)).status(),
    reload: async () => (await page.reload()).status(),
    back: () => go(-1),
    forward: () => go(1),
    url: () => page.url(),
    see: (look, about) => page.evaluate(look, about),
    press: (key) => keys(page, key),
    type: (text) => page.keyboard.type(text),
    attach: async (selector, files) => (await page.$(selector)).uploadFile(...files),
    resize: (to) => page.setViewport(to),
    shot: (path, whole) => page.screenshot({ path, fullPage: whole }),
    close: async () => {
      const slow = setTimeout(stop, 30_000);
      await browser.close().catch(() => undefined);
      await ended;
      clearTimeout(slow);
    },
    kill: async () => {
      stop();
      await ended;
    },
  };
}

/** `Shift+Tab` as a person presses it. */
async function keys(page, named) {
  const all = named.split("+").map((key) => (key === "Space" ? " " : key));
  const last = all.pop();
  for (const key of all) await page.keyboard.down(key);
  await page.keyboard.press(last);
  for (const key of all.reverse()) await page.keyboard.up(key);
}

/** Where Firefox waits for its driver. */
function address(child, ended) {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (piece) => {
      said += piece;
      const place = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (place) resolve(place[1]);
    });
    ended.then(() => reject(new Error(`Firefox ended at once:\n${said}`)));
  });
}
