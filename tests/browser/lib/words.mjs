// Words that stand nowhere else, to be typed and then searched for.
import { randomBytes } from "node:crypto";

/** `both`: Latin and Cyrillic letters in one; `told`: another that only a page says. */
export function words() {
  const fresh = () => randomBytes(4).toString("hex");
  return { latin: `zar${fresh()}`, both: `qz${fresh()}өңҳўшни`, told: `xk${fresh()}айтды` };
}
