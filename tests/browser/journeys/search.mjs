// The control: the search finds what is there. Words are planted in every spelling and packing, and a page
// with none of our precautions is visited by both browsers.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";
import { open } from "../lib/browsers.mjs";
import { pause, until } from "../lib/machine.mjs";
import { spellings, traces } from "../lib/traces.mjs";
import { words } from "../lib/words.mjs";

export async function planted({ folder }) {
  const below = join(folder, "planted");
  await mkdir(below);
  const mark = words().both;
  const sure = Buffer.concat([Buffer.alloc(5000, "."), Buffer.from(mark), Buffer.alloc(5000, ".")]);
  const packed = { gzip: inside(gzipSync(sure)), zlib: inside(deflateSync(sure)), brotli: brotliCompressSync(sure), "session.jsonlz4": mozLz4(sure), "000005.ldb": levelTable(sure) };
  for (const { as, needle } of spellings(mark)) packed[as.replace(/\W/g, "-")] = Buffer.concat([Buffer.alloc(99, 1), needle, Buffer.alloc(99, 1)]);
  for (const [name, bytes] of Object.entries(packed)) {
    await writeFile(join(below, name), bytes);
    const found = await traces(below, [mark]);
    assert.ok(found.some((line) => line.startsWith(`${name}: `)), `nothing found in ${name}; found: ${found}`);
  }
  await writeFile(join(below, `${mark}.txt`), "");
  assert.ok((await traces(below, [mark])).some((line) => line.startsWith("the name of")), "the name of a file");
}

/** A site that does what ours must not: it lets everything be kept, and answers a form directly. */
export async function careless({ kind, folder }) {
  const mark = words();
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-encoding": "gzip", "cache-control": "max-age=9999" });
      response.end(gzipSync(`<title>t</title><style>:focus{outline:3px solid}</style><p>${mark.told}<form method="post" enctype="multipart/form-data" action="/sent"><textarea id="story" name="story"></textarea><button>send</button></form>`));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site = `http://127.0.0.1:${server.address().port}/`;
  const visitor = await open(kind, folder);
  try {
    await visitor.goto(site);
    await visitor.tabTo("#story");
    await visitor.type(mark.both);
    await visitor.enter("button", /sent$/);
    await visitor.goto(site);
    await visitor.tabTo("#story");
    await visitor.type(mark.both);
    // While it runs, files come and go under the search.
    const typed = async () => (await pause(500), await traces(visitor.folder, [mark.both]).catch(() => [])).some((line) => /session/i.test(line));
    await until("what was typed, in a session file", typed);
    await visitor.close();
    const found = await traces(visitor.folder, [mark.both, mark.told]);
    for (const [word, place] of [[mark.both, /session/i], [mark.told, /cache/i]]) {
      assert.ok(found.some((line) => line.includes(word) && place.test(line)), `${word} is not found in ${place}, only in: ${found}`);
    }
  } finally {
    server.close();
    await visitor.forget();
  }
}

const inside = (bytes) => Buffer.concat([Buffer.alloc(77, 7), bytes, Buffer.alloc(77, 7)]);

function mozLz4(bytes) {
  const block = new Uint8Array(lz4.compressBound(bytes.length));
  const length = lz4.compressBlock(bytes, block, 0, bytes.length, lz4.makeHashTable?.() ?? new Uint32Array(1 << 16));
  const head = Buffer.alloc(12);
  head.write("mozLz40\0", "latin1");
  head.writeUInt32LE(bytes.length, 8);
  return Buffer.concat([head, Buffer.from(block.subarray(0, length))]);
}

/** A leveldb table of one block with one entry. */
function levelTable(value) {
  const entry = (key, of) => Buffer.concat([varint(0), varint(key.length), varint(of.length), Buffer.from(key), of, Buffer.from([0, 0, 0, 0, 1, 0, 0, 0])]);
  const packed = Buffer.from(snappy.compress(entry("key", value)));
  const rest = Buffer.alloc(5);
  const index = entry("key", Buffer.concat([varint(0), varint(packed.length)]));
  const footer = Buffer.alloc(48);
  Buffer.concat([varint(0), varint(0), varint(packed.length + 5), varint(index.length)]).copy(footer);
  Buffer.from([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]).copy(footer, 40);
  return Buffer.concat([packed, Buffer.from([1]), rest.subarray(1), index, rest, footer]);
}

function varint(number) {
  const bytes = [];
  for (; number >= 0x80; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return Buffer.from([...bytes, number]);
}
