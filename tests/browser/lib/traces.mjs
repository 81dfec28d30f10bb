// The search for words in everything that a browser has left: in every spelling that browsers use, packed
// or not.
import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { unpacked } from "./unpack.mjs";

/** Longest file that is searched; no browser writes such ones for a few pages. */
const MOST = 512 << 20;

/** Below `folder`, each place where one of the words stands: `file: word as spelling`. */
export async function traces(folder, words) {
  const needles = words.flatMap(spellings);
  const found = new Set();
  for (const path of await filesBelow(folder)) {
    const bytes = await readFile(path);
    if (bytes.length > MOST) throw new Error(`${path} is too large to be searched`);
    for (const piece of unpacked(bytes)) {
      for (const { word, as, needle } of needles) if (piece.includes(needle)) found.add(`${relative(folder, path)}: ${word} as ${as}`);
    }
    for (const { word, as, needle } of needles) if (Buffer.from(path).includes(needle)) found.add(`the name of ${relative(folder, path)}: ${word} as ${as}`);
  }
  return [...found].sort();
}

export async function filesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** Every way in which browsers write a word. */
export function spellings(word) {
  const little = Buffer.from(word, "utf16le");
  const points = [...word];
  const escaped = (write) => points.map((c) => (c.codePointAt(0) < 0x80 ? c : write(c.codePointAt(0)))).join("");
  const all = {
    "UTF-8": Buffer.from(word, "utf8"),
    "UTF-16LE": little,
    "UTF-16BE": Buffer.from(little).swap16(),
    percent: Buffer.from(encodeURIComponent(word)),
    "percent, small": Buffer.from(encodeURIComponent(word).replace(/%../g, (byte) => byte.toLowerCase())),
    JSON: Buffer.from(escaped((point) => `\\u${point.toString(16).padStart(4, "0")}`)),
    "JSON, large": Buffer.from(escaped((point) => `\\u${point.toString(16).toUpperCase().padStart(4, "0")}`)),
    HTML: Buffer.from(escaped((point) => `&#${point};`)),
    "HTML, hexadecimal": Buffer.from(escaped((point) => `&#x${point.toString(16)};`)),
  };
  for (const [name, bytes] of [["UTF-8", all["UTF-8"]], ["UTF-16LE", little]]) {
    for (const shift of [0, 1, 2]) all[`base64 of ${name} at ${shift}`] = inBase64(bytes, shift);
  }
  return Object.entries(all).map(([as, needle]) => ({ word, as, needle }));
}

/** The characters that base64 gives whatever stands before and after. */
function inBase64(bytes, shift) {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
  const start = Math.ceil((shift * 4) / 3);
  return Buffer.from(text.slice(start, text.length - 2));
}

/** The code of a receipt in every form in which pages and people write it. */
export function codeWords(code) {
  const groups = code.match(/.../g).slice(0, 4);
  return [code, ...[" ", "\u00a0", "</span> <span>", "-"].map((gap) => groups.join(gap))];
}
