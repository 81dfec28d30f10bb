// Filling in the whole form by keyboard alone, as Tab leads through it.
import assert from "node:assert/strict";

const MOST_STOPS = 500;

/**
 * Opens every part, answers every question, and stops at the button. Gives what was answered, by name, each
 * once: `{ typed: [[name, text]], chosen: [[name, value]] }`.
 */
export async function answerEverything(visitor, text) {
  const typed = new Map();
  const chosen = new Map();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    const at = await visitor.stop();
    if (at.kind === "send") return { typed: [...typed], chosen: [...chosen] };
    if (at.kind === "part" && !at.open) await visitor.press("Enter");
    // A code of before stays empty: this is somebody new.
    if (at.kind === "words" && at.name !== "receipt" && !typed.has(at.name)) {
      const words = `${text} ${at.name}`;
      await visitor.type(words);
      typed.set(at.name, words);
    }
    if (["tick", "choice", "list"].includes(at.kind)) await choose(visitor, at, chosen);
  }
  throw new Error("Tab never came to the button");
}

/** Space for a box; for circles the second answer, by Space and an arrow; for a list the first, by an arrow. */
async function choose(visitor, at, chosen) {
  if (at.kind === "list") await visitor.press("ArrowDown");
  else await visitor.press("Space");
  if (at.kind === "choice") await visitor.press("ArrowDown");
  const now = await visitor.see(answered);
  assert.ok(now.answered, `${now.name} took no answer from the keyboard`);
  assert.equal(now.name, at.name, "an arrow leads to another question");
  chosen.set(`${now.name} ${at.kind === "tick" ? now.value : ""}`.trim(), now.value);
}

/** What was answered where the focus is. Runs in the page. */
function answered() {
  const { name, type, value, checked } = document.activeElement;
  return { name, value, answered: ["checkbox", "radio"].includes(type) ? checked : value !== "" };
}
