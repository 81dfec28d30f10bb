// One way to drive both browsers: a person with a keyboard and a page. What differs is in chromium.mjs
// and firefox.mjs; journeys see only this.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { openChromium } from "./chromium.mjs";
import { openFirefox } from "./firefox.mjs";
import { pause, until } from "./machine.mjs";
import { Sink } from "./sink.mjs";

export const BROWSERS = ["chromium", "firefox"];
export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 900 };
const OPEN = { chromium: openChromium, firefox: openFirefox };
/** Stops of the Tab key on any page of ours, at most. */
const MOST_STOPS = 400;

/** A browser with a new profile, and a home and a temp folder of its own, all below one folder. */
export async function open(kind, below, { scripts = false, dark = false, size = PHONE } = {}) {
  const all = await mkdtemp(join(below, `${kind}-`));
  const [profile, temporary] = [join(all, "profile"), join(all, "tmp")];
  await mkdir(profile);
  await mkdir(temporary);
  const home = { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: all, TMPDIR: temporary };
  const sink = await Sink.open();
  const driver = await OPEN[kind]({ home, profile, sink: sink.port, scripts, dark, size });
  return new Visitor(driver, kind, all, sink);
}

export class Visitor {
  #driver;
  #sink;
  #open = true;

  constructor(driver, kind, folder, sink) {
    this.#driver = driver;
    this.#sink = sink;
    this.kind = kind;
    this.folder = folder;
  }

  /** Goes to an address as if it was typed, and gives the status of the answer. */
  async goto(url) {
    return this.#driver.goto(url);
  }

  /** Runs a function in the page and gives its answer; it must not wait for anything if scripts are off. */
  async see(look, about) {
    return this.#driver.see(look, about);
  }

  async press(key, times = 1) {
    for (let n = 0; n < times; n += 1) await this.#driver.press(key);
  }

  async type(text) {
    await this.#driver.type(text);
  }

  async attach(...files) {
    await this.#driver.attach('input[type="file"]', files);
  }

  async reload() {
    return this.#driver.reload();
  }

  /** Goes back one page and waits for another one whose address fits. */
  async back(to) {
    await this.#leads(() => this.#driver.back(), to);
  }

  async forward(to) {
    await this.#leads(() => this.#driver.forward(), to);
  }

  /** Does something that leads to another page, and waits until that one stands there whole. */
  async #leads(act, to, seconds) {
    const before = await this.see(() => performance.timeOrigin);
    await act();
    await this.at(to, seconds, before);
  }

  /** Waits until a page with a fitting address stands there whole; not the one that began at `before`. */
  async at(to, seconds = 60, before = 0) {
    const whole = async () => {
      const { born, place } = await this.see(() => ({ born: performance.timeOrigin, place: document.readyState === "complete" ? location.href : "" }));
      return born !== before && to.test(place);
    };
    await until(`${to} (now at ${this.#driver.url()})`, () => whole().catch(() => false), seconds);
  }

  /** Presses Tab until something that fits has the focus, which must be seen. */
  async tabTo(selector) {
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      if ((await this.stop("Tab", selector)).fits) return;
    }
    throw new Error(`Tab never came to ${selector}`);
  }

  /** Presses Tab once; what has the focus now must be seen to have it, as soon as the page is drawn. */
  async stop(key = "Tab", selector = "*") {
    await this.press(key);
    let focus = await this.#focus(selector);
    if (focus.fault) {
      // Once in some thousand stops, on a busy machine and after a reload, Firefox gave the focus and did not scroll.
      // Whoever sees nothing goes back and forth; what is not seen then is a fault of ours.
      const { html } = focus;
      await this.press(key === "Tab" ? "Shift+Tab" : "Tab");
      await this.press(key);
      focus = await this.#focus(selector);
      assert.equal(focus.html, html, "back and forth leads to another place");
    }
    assert.equal(focus.fault, null, `the focus on ${focus.html}`);
    return focus;
  }

  /** What has the focus, once it is seen or ten seconds have passed. */
  async #focus(selector) {
    let focus = await this.see(seenFocus, selector);
    for (let n = 0; focus.fault && n < 100; n += 1) {
      await pause(100);
      focus = await this.see(seenFocus, selector);
    }
    return focus;
  }

  /** Goes by Tab to a link or button and presses Enter, then waits for the next page. */
  async enter(selector, to, seconds) {
    await this.tabTo(selector);
    await this.#leads(() => this.press("Enter"), to, seconds);
  }

  /** The same with Shift and Tab, from where the focus is to what stands before. */
  async enterBackwards(selector, to) {
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      if ((await this.stop("Shift+Tab", selector)).fits) break;
    }
    await this.#leads(() => this.press("Enter"), to);
  }

  async resize(size) {
    await this.#driver.resize(size);
  }

  async shot(path, { whole = true } = {}) {
    await this.#driver.shot(path, whole);
  }

  /** Closes as a person does; the profile stays. Nothing but loopback was asked for. */
  async close() {
    if (!this.#open) return;
    this.#open = false;
    await this.#driver.close();
    const asked = await this.#sink.close();
    assert.deepEqual(asked, [], `${this.kind} asked for something elsewhere`);
  }

  /** The machine is switched off. */
  async kill() {
    this.#open = false;
    await this.#driver.kill();
    await this.#sink.close();
  }

  /** Whatever happened: no browser and no folder stays. */
  async forget() {
    if (this.#open) await this.kill().catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Looks at the element with the focus: has it an outline, and is it in view and not covered? Runs in the page. */
function seenFocus(selector) {
  const at = document.activeElement;
  const html = at.outerHTML.slice(0, 120);
  if (at === document.body || at === document.documentElement) return { html: "", fault: null, kind: "other" };
  const style = getComputedStyle(at);
  if (style.outlineStyle === "none" || Number.parseFloat(style.outlineWidth) < 2) return { html, fault: "has no outline" };
  const box = at.getBoundingClientRect();
  if (box.bottom <= 0 || box.top >= innerHeight) return { html, fault: `is out of view at ${box.top}` };
  const { name, type, value, checked, localName } = at;
  const kinds = { summary: "part", button: "send", select: "list", textarea: "words", checkbox: "tick", radio: "choice", text: "words" };
  const told = { html, name, value, checked, kind: kinds[localName] ?? kinds[type] ?? "other", open: at.parentElement.open, fits: at.matches(selector) };
  const [x, y] = [box.left + box.width / 2, Math.max(1, Math.min(box.top + Math.min(box.height, innerHeight) / 2, innerHeight - 2))];
  const over = document.elementFromPoint(x, y);
  const covered = over?.closest("header") && !at.closest("header");
  return { ...told, fault: covered ? "is covered by the top of the page" : null };
}
